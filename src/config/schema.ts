import { z } from 'zod'
import { incidentKinds } from './incident-kinds.js'
import {
  addressRange,
  choice,
  duration,
  environment,
  flag,
  hostAddress,
  integer,
  limit,
  list,
  macAddress,
  path,
  program,
  size,
  text,
  texts,
} from './kinds.js'
import { setting } from './setting.js'

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

const linkName = () =>
  text({
    pattern: /^(?!\.{1,2}$)[^\s/:]{1,15}$/,
    what: 'the name of an interface',
    advice: 'use at most 15 characters, none of them a blank, a slash or a colon',
  })

const nic = {
  address: setting(hostAddress(4).optional(), {
    meaning: 'Its IPv4 address.',
    example: '192.168.155.7/24',
    unset: 'the (100 + N)th of `network.address`; none on a further NIC',
  }),
  address6: setting(hostAddress(6).optional(), {
    meaning: 'Its IPv6 address.',
    example: 'fd72:6170:6964:6f::7/64',
    unset: 'the (0x100 + N)th of `network.address6`; none on a further NIC',
  }),
  mac: setting(macAddress().optional(), {
    meaning: 'Its MAC address.',
    example: '02:00:00:00:00:07',
    unset: '`02:72:70:NIC:N:N`, of the numbers of the NIC and the VM',
  }),
}

const networkedVm = z.strictObject({
  hostname: setting(
    text({
      pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i,
      what: 'a host name',
      advice: 'use letters, digits and hyphens, at most 63 of them',
    }).optional(),
    { meaning: 'Its host name.', example: 'target', unset: '`rapidoN`' },
  ),
  ...nic,
  nic: setting(list(z.strictObject(nic), { of: 'tables', such: '[{ address = "10.0.0.1/24" }]' }).prefault([]), {
    meaning: 'More NICs on the same bridge: a table each, with the keys above.',
    example: [{ address: '10.0.0.1/24' }],
  }),
})

const network = z
  .strictObject({
    home: setting(choice(['private', 'host']).optional(), {
      meaning:
        'Where the bridge of `network = "bridge"` is: in a network of your own, which no other program sees, or on the host.',
      example: 'private',
      unset: '"host" where `rapido net up` has made the bridge for you, else "private"',
    }),
    bridge: setting(linkName().prefault('rapido-br'), { meaning: 'The name of the bridge.', example: 'br0' }),
    address: setting(hostAddress(4).prefault('192.168.155.1/24'), {
      meaning:
        'IPv4 address of the host on the bridge, and the network of the VMs: VM N has the (100 + N)th address of it.',
      example: '10.55.0.1/16',
    }),
    address6: setting(hostAddress(6).prefault('fd72:6170:6964:6f::1/64'), {
      meaning:
        'IPv6 address of the host on the bridge, and the network of the VMs: VM N has the (0x100 + N)th address of it.',
      example: 'fd00:55::1/64',
    }),
    mtu: setting(integer({ from: 1280, to: 65_521 }).optional(), {
      meaning: 'Largest packet, in bytes, on the bridge and in the guests.',
      example: 9000,
      unset: '1500',
    }),
    taps: setting(integer({ from: 0, to: 1000 }).prefault(16), {
      meaning: 'With `home = "host"`: how many taps `rapido net up` makes, which is how many VMs can be on the bridge.',
      example: 40,
    }),
    tap_user: setting(
      text({
        pattern: /^[^\s:/-][^\s:/]*$/,
        what: 'the name of a user',
        advice: 'use a name as `id -un` prints it',
      }).optional(),
      {
        meaning: 'With `home = "host"`: the user whose VMs the taps are for.',
        example: 'alice',
        unset: 'whoever calls `sudo rapido net up`',
      },
    ),
    uplink: setting(linkName().optional(), {
      meaning:
        'A way out for the VMs. In a private network: "nat", to whatever you can reach, by slirp4netns. With ' +
        '`home = "host"`: an interface that `rapido net up` puts on the bridge.',
      example: 'nat',
      unset: 'VMs reach each other and the host, and nobody else',
    }),
    dhcp_range: setting(addressRange().optional(), {
      meaning:
        'First and last address that a DHCP server (dnsmasq) on the bridge gives away, both in the network of `address`. ' +
        "rapido's own VMs ask for none.",
      example: '192.168.155.200,192.168.155.250',
      unset: 'no DHCP',
    }),
    forwards: setting(
      list(
        text({
          pattern: /^(tcp|udp):(\d{1,5}):(\d{1,5})$/,
          what: 'a port forward',
          advice: 'use PROTOCOL:PORT OF THE HOST:PORT OF THE GUEST',
        }),
        { of: 'port forwards', such: '["tcp:2222:22"]' },
      ).prefault([]),
      {
        meaning:
          'With `network = "user"`: ports of 127.0.0.1 that lead into the guest. A host port of 0 is any free one.',
        example: ['tcp:2222:22'],
      },
    ),
    vm: setting(
      z
        .record(z.string().regex(/^[1-9]\d{0,3}$/, { error: 'use the number of a VM' }), networkedVm, {
          error: 'is not a table; use [network.vm.1]',
        })
        .prefault({}),
      {
        kind: 'table',
        meaning: 'What is particular to the VM of this number. Keys: `hostname`, `address`, `address6`, `mac`, `nic`.',
        example: { 1: { hostname: 'target', address: '192.168.155.7/24', nic: [{ address: '10.0.0.1/24' }] } },
      },
    ),
  })
  .prefault({})
  .meta({ id: 'network', description: 'The network of VMs, where their profile has one.' })

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
      meaning: 'How many past runs keep their console log.',
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

const smbName = (what: string) =>
  text({ pattern: /^[^\s/\\][^/\\\p{Cc}]*$/u, what, advice: 'use one without slashes and control characters' })

const cifs = z
  .strictObject({
    server: setting(smbName('the name of a server').prefault('host'), {
      meaning: 'The SMB server: a name or an address. `host` is this host, on the bridge of the VMs.',
      example: '192.168.155.1',
    }),
    share: setting(
      text({
        pattern: /^[^\s/\\][^\\\p{Cc}]*$/u,
        what: 'the name of a share',
        advice: 'use one such as "test"',
      }).optional(),
      {
        meaning: 'The share to mount, or a folder in it.',
        example: 'test',
        unset: 'a profile that mounts one refuses to boot',
      },
    ),
    user: setting(smbName('the name of a user').optional(), {
      meaning: 'The user of the server. The password is the secret `cifs_password`, in `[secrets]`.',
      example: 'tester',
      unset: 'a profile that mounts a share refuses to boot',
    }),
    domain: setting(smbName('the name of a domain').optional(), {
      meaning: 'The domain, or workgroup, of the user.',
      example: 'LAB',
      unset: "the server's",
    }),
    mount_opts: setting(
      text({
        pattern: /^[^\s,]+(,[^\s,]+)*$/,
        what: 'a list of mount options',
        advice: 'use options with commas and no blanks, such as "vers=3.0,seal"',
      }).optional(),
      { meaning: 'More options of mount.cifs.', example: 'vers=3.1.1,seal', unset: 'none' },
    ),
  })
  .prefault({})
  .meta({ id: 'cifs', description: 'The share that the profile `cifs` mounts.' })

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

const groups = { kernel, qemu, vm, network, image, debug, share, run, paths, log, guest, ssh, cifs, secrets }

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
