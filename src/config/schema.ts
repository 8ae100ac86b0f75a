import { z } from 'zod'
import { blktests } from './blktests-schema.js'
import { ceph } from './ceph-schema.js'
import { cifs } from './cifs-schema.js'
import { diskIdPattern, settingsDisk } from './disk-schema.js'
import { fstests } from './fstests-schema.js'
import { incidentKinds } from './incident-kinds.js'
import { iscsi, lio, openIscsi, tcmuRunner } from './iscsi-schema.js'
import { choice, duration, environment, flag, integer, limit, list, path, program, size, text, texts } from './kinds.js'
import { kselftest } from './kselftest-schema.js'
import { multipath } from './multipath-schema.js'
import { network } from './network-schema.js'
import { setting } from './setting.js'
import { snapshot } from './snapshot-schema.js'
import { usbGadget, usbip } from './usb-schema.js'

// Every setting with its kind, default, meaning and an example. docs/config.md, the JSON Schema and rapido.toml.example
// are made of this file (docs.ts), and the error messages know each key from it. A default is written as in the file.

const kernel = z
  .strictObject({
    src: setting(path().optional(), {
      meaning: 'A built kernel tree. Its image, release, modules, configuration and vmlinux are what is tested.',
      example: '~/linux',
    }),
    release: setting(text().optional(), {
      meaning: 'Without a tree: the release of an installed kernel, from /boot and /lib/modules.',
      example: '6.1.0-31-amd64',
      unset: 'the running kernel, else the newest one that can be booted',
    }),
    modules: setting(path().optional(), {
      meaning: 'Folder that holds lib/modules/RELEASE: the INSTALL_MOD_PATH that `make modules_install` was given.',
      example: '~/linux/mods',
      unset: '`mods` in `kernel.src`',
    }),
    entry: setting(choice(['auto', 'pvh', 'bzimage']).prefault('auto'), {
      meaning:
        '"pvh" enters the uncompressed kernel at once and needs CONFIG_PVH; "bzimage" goes through firmware and ' +
        'unpacking, which takes two seconds more without KVM, and is what KASLR needs; "auto" takes PVH where it can.',
      example: 'bzimage',
    }),
    params: setting(texts('["debug"]').prefault([]), {
      meaning: 'Words added to the kernel command line.',
      example: ['slub_debug=FZP', 'page_owner=on'],
    }),
  })
  .prefault({})
  .meta({ id: 'kernel', description: 'The kernel under test.' })

const qemu = z
  .strictObject({
    binary: setting(program().prefault('qemu-system-x86_64'), {
      meaning: 'The QEMU to run: a name on PATH, or a path.',
      example: '~/qemu/build/qemu-system-x86_64',
    }),
    extra_args: setting(texts('["-device", "qemu-xhci"]').prefault([]), {
      meaning: 'Arguments added to the QEMU command line, one string each. No shell reads them: nothing needs quoting.',
      example: ['-device', 'qemu-xhci'],
    }),
    accel: setting(choice(['auto', 'kvm', 'tcg']).prefault('auto'), {
      meaning: '"auto" takes KVM where a guest is seen to run under it, else TCG. The other two insist.',
      example: 'tcg',
    }),
  })
  .prefault({})
  .meta({ id: 'qemu', description: 'The machine that QEMU makes.' })

const vm = z
  .strictObject({
    cpus: setting(integer({ from: 1, to: 255 }).optional(), {
      meaning: 'Virtual CPUs.',
      example: 4,
      unset: 'what the profile asks for',
    }),
    memory: setting(size({ fromMiB: 64 }).optional(), {
      meaning: 'Memory.',
      example: '2G',
      unset: 'what the profile asks for',
    }),
  })
  .prefault({})
  .meta({ id: 'vm', description: 'The size of a VM. Mostly of use under `[profile.NAME]` or with `--set`.' })

const disk = setting(
  z
    .record(
      z.string().regex(diskIdPattern, { error: 'use small letters and digits in the name of a disk' }),
      settingsDisk,
      {
        error: 'is not a table; use [disk.hd]',
      },
    )
    .prefault({}),
  {
    kind: 'table',
    meaning:
      'What differs for the disk of this name; a name that the profile does not have is one more disk. Keys: `file`, ' +
      '`size`, `format`, `bus`, `paths`, `controllers`, `serial`, `wwn`, `readonly`, `cache`, `iops`, `bandwidth`, as under ' +
      '`[[machine.disk]]` of a profile.',
    example: { hd: { size: '10G', cache: 'none' } },
  },
).meta({ id: 'disk', description: 'The disks of a VM.' })

const image = z
  .strictObject({
    dracut_args: setting(texts('["--install", "perf"]').prefault([]), {
      meaning: 'Arguments added to the dracut command line, one string each.',
      example: ['--install', 'perf'],
    }),
    dracut_src: setting(path().optional(), {
      meaning: 'A dracut source tree to run dracut from.',
      example: '~/dracut',
      unset: 'the installed dracut',
    }),
    output: setting(path().optional(), {
      meaning: 'A second place for the image, for others to boot.',
      example: '~/initrds/test.img',
      unset: 'only in the cache',
    }),
  })
  .prefault({})
  .meta({ id: 'image', description: 'The initramfs, made by dracut.' })

const debug = z
  .strictObject({
    dyndbg_modules: setting(texts('["xfs"]').prefault([]), {
      meaning: 'Modules whose `pr_debug()` messages are switched on.',
      example: ['ceph', 'libceph'],
    }),
    dyndbg_files: setting(texts('["fs/xfs/xfs_mount.c"]').prefault([]), {
      meaning: 'Source files whose `pr_debug()` messages are switched on.',
      example: ['fs/ceph/mds_client.c'],
    }),
  })
  .prefault({})
  .meta({ id: 'debug', description: "The kernel's dynamic debug; the kernel needs CONFIG_DYNAMIC_DEBUG." })

const share = z
  .strictObject({
    path: setting(path().optional(), {
      meaning: 'A folder of the host that the guest sees at /host, over 9p.',
      example: '~/tests',
      unset: 'nothing is shared',
    }),
    readonly: setting(flag().prefault(false), {
      meaning: 'Whether the guest may only read it.',
      example: true,
    }),
  })
  .prefault({})
  .meta({ id: 'share', description: 'A folder of the host in the guest.' })

const run = z
  .strictObject({
    timeout: setting(limit().prefault('10m'), {
      meaning: 'How long an unattended run may take in all.',
      example: '1h30m',
    }),
    silence: setting(limit().prefault('5m'), {
      meaning:
        'How long an unattended guest may print nothing at all before it counts as hung. The kernel itself reports a ' +
        'hung task after two to four minutes, which says far more: stay above that.',
      example: '15m',
    }),
    boot_timeout: setting(duration().prefault('60s'), {
      meaning:
        'How long a guest may take to answer, from the start of QEMU. What it waits for a CPU of a busy host is not counted.',
      example: '3m',
    }),
    power_off: setting(choice(['auto', 'always']).prefault('auto'), {
      meaning:
        '"always" lets the kernel power off at the end, so that its shutdown is tested, too. "auto" spares it that where the ' +
        'VM has no disk, network or shared folder: QEMU quits once all processes have ended and all is unmounted.',
      example: 'always',
    }),
    fail_on: setting(
      list(choice(incidentKinds), { of: 'kinds of kernel report', such: '["panic", "oops"]' }).prefault(
        incidentKinds.filter((kind) => kind !== 'warning'),
      ),
      {
        meaning: 'The kernel reports on the console that fail a run. Others are told, and fail nothing.',
        example: ['panic', 'oops', 'bug', 'kasan', 'warning'],
      },
    ),
  })
  .prefault({})
  .meta({ id: 'run', description: 'The limits of a run, and what fails it.' })

const paths = z
  .strictObject({
    state: setting(path().optional(), {
      meaning: 'Folder for running VMs and for the logs of past runs.',
      example: '/var/tmp/rapido/state',
      unset: '`$XDG_STATE_HOME/rapido`, else `~/.local/state/rapido`',
    }),
    cache: setting(path().optional(), {
      meaning: 'Folder for images and unpacked kernels. It may be deleted at any time.',
      example: '/var/tmp/rapido/cache',
      unset: '`$XDG_CACHE_HOME/rapido`, else `~/.cache/rapido`',
    }),
  })
  .prefault({})
  .meta({ id: 'paths', description: 'Where rapido keeps things.' })

const log = z
  .strictObject({
    keep: setting(integer({ from: 0, to: 100_000 }).prefault(20), {
      meaning:
        'How many past runs keep their console log, and how many scenarios that did not pass what is left of them.',
      example: 100,
    }),
  })
  .prefault({})
  .meta({ id: 'log', description: 'The console logs.' })

const guest = z
  .strictObject({
    env: setting(environment().prefault({}), {
      meaning: "A variable for boot.sh, the commands and the shell. Wins over the profile's.",
      example: { MKFS_OPTIONS: '-m reflink=1', LANG: 'C.UTF-8' },
    }),
  })
  .prefault({})
  .meta({ id: 'guest', description: 'What the guest is told.' })

const ssh = z
  .strictObject({
    authorized_keys: setting(list(path(), { of: 'paths', such: '["~/.ssh/id_ed25519.pub"]' }).optional(), {
      meaning: 'Files of public keys. Who has the private key of one may log in to a guest that runs an ssh server.',
      example: ['~/.ssh/id_ed25519.pub'],
      unset: '`~/.ssh/id_*.pub` and `~/.ssh/authorized_keys`',
    }),
  })
  .prefault({})
  .meta({ id: 'ssh', description: 'The ssh server of a guest, where its profile has one.' })

/** Where a secret is: one of three, and never the secret itself. */
const secret = z.union([
  z.strictObject({ file: path().describe('The file that holds the secret.') }),
  z.strictObject({ env: z.string().min(1).describe('The environment variable that holds it.') }),
  z.strictObject({ command: z.tuple([program()], text()).describe('The command that prints it, one string a word.') }),
])

const secretName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, { error: 'use letters, digits, _, - and . in the name of a secret' })

const secrets = setting(
  z.record(secretName, secret, { error: 'is not a table; use [secrets] with a line for each secret' }).prefault({}),
  {
    kind: 'reference',
    meaning: 'Where this secret is read, just before it is used.',
    example: {
      ceph_key: { file: '~/.config/ceph/admin.key' },
      cifs_password: { env: 'CIFS_PASSWORD' },
      chap_password: { command: ['pass', 'show', 'lab/chap'] },
    },
  },
).meta({
  id: 'secrets',
  description:
    'Where secrets are: in a `file`, in a variable of the environment (`env`), or what a `command` prints. Values never ' +
    'stand here, nor in an image, on a command line or in a log.',
})

const groups = {
  kernel,
  qemu,
  vm,
  disk,
  network,
  image,
  debug,
  share,
  snapshot,
  run,
  paths,
  log,
  guest,
  ssh,
  cifs,
  multipath,
  ceph,
  iscsi,
  lio,
  open_iscsi: openIscsi,
  tcmu_runner: tcmuRunner,
  fstests,
  kselftest,
  blktests,
  usb_gadget: usbGadget,
  usbip,
  secrets,
}

/** All settings, as they stand at the top of rapido.toml and once more under each `[profile.NAME]`. */
export const settingsSchema = z.strictObject(groups)

/** rapido.toml. */
export const fileSchema = z.strictObject({
  ...groups,
  profile: setting(z.record(z.string(), settingsSchema, { error: 'is not a table; use [profile.NAME]' }).prefault({}), {
    kind: 'settings',
    meaning: 'Any of the settings above, for this profile only.',
    example: { simple: { vm: { memory: '4G' }, kernel: { params: ['debug'] } } },
  }).meta({
    id: 'profile',
    description: 'What differs for one profile. A list replaces the one above, it is not added.',
  }),
})

type Read = z.output<typeof settingsSchema>

/**
 * The settings of one run, every default applied, keys as in the file. Paths are absolute; `vm.memory` is in MiB; the
 * durations under `run` are in milliseconds, and undefined there means no limit.
 */
export type Settings = Omit<Read, 'paths'> & { paths: { state: string; cache: string } }

/** Where one secret is. */
export type SecretReference = z.output<typeof secret>
