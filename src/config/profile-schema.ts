import { z } from 'zod'
import { buses, diskId, diskKeys, rbdMeaning } from './disk-schema.js'
import { choice, environment, environmentText, flag, integer, list, size, text } from './kinds.js'
import { notesOf, setting } from './setting.js'
import { choiceOrSetting, neverIs, settingName, sizeOrSetting, withAnySettings, withSettings } from './setting-names.js'
import { suite } from './suite-schema.js'
import { tomlValue } from './toml-value.js'

// Every key of profile.toml, as schema.ts has those of rapido.toml.

const programs = () =>
  list(
    withSettings({
      pattern: /^[^\s-]\S*$/,
      what: 'the name of a program',
      advice: 'use one string a program, its name on PATH or its path',
    }),
    { of: 'programs', such: '["strace"]' },
  )

const drivers = () =>
  list(
    text({ pattern: /^[A-Za-z0-9_-]+$/, what: 'the name of a module', advice: 'use one string a module, without .ko' }),
    { of: 'kernel modules', such: '["virtio_scsi"]' },
  )

const guestPath = () =>
  text({ pattern: /^\/[^\0]*$/, what: 'an absolute path', advice: 'use a path in the guest, such as "/etc/x.conf"' })

const include = z.strictObject({
  from: setting(withSettings({ pattern: /^[^\0]+$/, what: 'a path', advice: 'use the path of a file' }), {
    kind: 'path',
    meaning: "A file or folder of the host; relative to the profile's folder. It may name settings.",
    example: 'multipath.conf',
  }),
  to: setting(guestPath(), { kind: 'path', meaning: 'Where it is in the guest.', example: '/etc/multipath.conf' }),
})

const tree = z.strictObject({
  from: setting(withSettings({ pattern: /^[^\0]+$/, what: 'a path', advice: 'use the path of a folder' }), {
    kind: 'path',
    meaning: "A folder of the host; relative to the profile's folder. It may name settings.",
    example: '{fstests.src}',
  }),
  to: setting(guestPath(), { kind: 'path', meaning: 'Where it is in the guest.', example: '/opt/fstests' }),
  leave_out: setting(
    list(text({ pattern: /^[^/\0]+$/, what: 'a name', advice: 'use the name of a file, or one such as "*.o"' }), {
      of: 'names',
      such: '[".git", "*.o"]',
    }).prefault(['.git']),
    { meaning: 'Files and folders of these names are left out; `*` stands for any text.', example: ['.git', '*.o'] },
  ),
})

const image = z
  .strictObject({
    install: setting(programs().prefault([]), {
      meaning:
        "Programs of the host, with the libraries they need: names on PATH, or paths, relative to the profile's folder. " +
        'Each must be there. A path may name settings: "{kernel.src}/tools/perf/perf".',
      example: ['multipath', 'mkfs.xfs'],
    }),
    tools: setting(flag().prefault(false), {
      meaning: 'Whether the small programs that one expects of a shell are in it, too: docs/profiles.md has the list.',
      example: true,
    }),
    install_optional: setting(programs().prefault([]), {
      meaning:
        'Programs that are left out, with a note, where the host has none; and those whose path names a setting that is ' +
        'not set.',
      example: ['strace'],
    }),
    include: setting(
      list(include, { of: 'tables', such: '[{ from = "multipath.conf", to = "/etc/multipath.conf" }]' }).prefault([]),
      {
        meaning: 'Files and folders of the host as they are.',
        example: [{ from: 'multipath.conf', to: '/etc/multipath.conf' }],
      },
    ),
    trees: setting(
      list(tree, { of: 'tables', such: '[{ from = "{fstests.src}", to = "/opt/fstests" }]' }).prefault([]),
      {
        meaning:
          'Folders of the host that are archived apart from all else: a change in one of them remakes that archive only. ' +
          'The libraries that their programs need are for `install` to name.',
        example: [{ from: '{fstests.src}', to: '/opt/fstests' }],
      },
    ).describe('A folder of the host that is archived apart from all else.'),
    drivers: setting(drivers().prefault([]), {
      meaning: 'Kernel modules, with those they need. Built into the kernel is as good. Each must be there.',
      example: ['virtio_scsi', 'sd_mod'],
    }),
    drivers_optional: setting(drivers().prefault([]), {
      meaning: 'Kernel modules that are left out, with a note, where the kernel has none.',
      example: ['scsi_dh_alua'],
    }),
    dracut_modules: setting(
      list(text({ pattern: /^[\w.-]+$/, what: 'the name of a dracut module', advice: 'use one string a module' }), {
        of: 'dracut modules',
        such: '["multipath"]',
      }).prefault([]),
      { meaning: 'Modules of dracut beside the base set.', example: ['multipath'] },
    ),
  })
  .prefault({})
  .describe("What is in the initramfs, in dracut's own vocabulary.")

const disk = z.strictObject({
  id: setting(diskId(), {
    meaning: 'Its name, which must be there. Its drives in QEMU are that and a letter for each path: hda, hdb.',
    example: 'hd',
  }),
  file: setting(
    withSettings({ pattern: /^[^\0]+$/, what: 'a path', advice: 'use the path of a file or block device' }).optional(),
    {
      kind: 'path',
      meaning:
        "A file or block device of the host; relative to the profile's folder. It may name settings. Never made, never deleted.",
      example: '{kernel.src}/root.img',
      unset: '`size` makes one',
    },
  ),
  rbd: setting(
    withSettings({
      pattern: /^[^\s/@]+\/[^\s/@]+$/,
      what: 'an RBD image',
      advice: 'use POOL/IMAGE, such as "{ceph.pool}/{ceph.image}"',
    }).optional(),
    {
      meaning: `${rbdMeaning} It may name settings.`,
      example: '{ceph.pool}/{ceph.image}',
      unset: '`size` or `file` is used',
    },
  ),
  ...diskKeys,
  size: setting(sizeOrSetting().optional(), {
    kind: 'size',
    meaning: `${notesOf(diskKeys.size).meaning} It may name a setting.`,
    example: '2G',
    unset: '`file` or `rbd` is used',
  }),
  bus: setting(choiceOrSetting(buses).optional(), {
    kind: buses.map(tomlValue).join(', '),
    meaning: `${notesOf(diskKeys.bus).meaning} It may name a setting.`,
    example: 'scsi',
    unset: '"virtio"',
  }),
})

const machine = z
  .strictObject({
    disk: setting(list(disk, { of: 'tables', such: '[{ id = "hd", size = "1G" }]' }).prefault([]), {
      meaning: 'A disk, with the keys below. `disk.ID` of rapido.toml wins, key by key.',
      example: [{ id: 'hd', size: '2G' }],
    }).describe('A disk of the VM. `[disk.ID]` of rapido.toml wins, key by key.'),
    cpus: setting(integer({ from: 1, to: 255 }).prefault(2), { meaning: 'Virtual CPUs.', example: 4 }),
    memory: setting(size({ fromMiB: 64 }).prefault('512M'), { meaning: 'Memory.', example: '1G' }),
  })
  .prefault({})
  .describe('The shape of the VM. `vm.cpus` and `vm.memory` of rapido.toml win.')

const optionName = () =>
  text({
    pattern: /^(?!CONFIG_)[A-Za-z0-9_]+$/,
    what: 'the name of a kernel option',
    advice: 'use the name without CONFIG_, such as "DM_MULTIPATH"',
  })

const requires = z
  .strictObject({
    settings: setting(list(settingName(), { of: 'settings', such: '["kernel.src"]' }).prefault([]), {
      meaning: 'Settings of rapido.toml that must be set.',
      example: ['kernel.src'],
    }),
    kernel: setting(list(optionName(), { of: 'kernel options', such: '["DM_MULTIPATH"]' }).prefault([]), {
      meaning: 'Options that the kernel must have, built in or as a module; without CONFIG_.',
      example: ['DM_MULTIPATH'],
    }),
  })
  .prefault({})
  .describe('What must be there. `rapido doctor PROFILE` checks it.')

const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, { error: 'use a small letter, then small letters, digits and hyphens' })

const group = setting(
  z
    .record(roleName, text({ pattern: /^\w[\w.-]*$/, what: 'the name of a profile', advice: 'see `rapido list`' }), {
      error: 'is not a table; use [group] with ROLE = "PROFILE" below it',
    })
    .prefault({}),
  {
    kind: 'profile',
    meaning:
      'A machine of a group, by its role, which is also a host name in all of them. The profile that names a group has ' +
      'nothing else: images and boot scripts are those of its members, whose boot.sh run in this order.',
    example: { target: 'simple-net', initiator: 'simple-net' },
  },
).describe('Several machines that are booted together.')

const bootInclude = z.strictObject({
  from: setting(withSettings({ pattern: /^[^\0]+$/, what: 'a path', advice: 'use the path of a file' }), {
    kind: 'path',
    meaning:
      "A file of the host; relative to the profile's folder. It may name settings; with one that is not set it is left out.",
    example: 'target.sh',
  }),
  to: setting(guestPath(), { kind: 'path', meaning: 'Where it is in the guest.', example: '/usr/local/lib/target.sh' }),
})

const boot = z
  .strictObject({
    include: setting(
      list(bootInclude, {
        of: 'tables',
        such: '[{ from = "target.sh", to = "/usr/local/lib/target.sh" }]',
      }).prefault([]),
      {
        meaning:
          'Files that are sent to the guest before boot.sh runs, with their mode: changing one makes no new image.',
        example: [{ from: 'target.sh', to: '/usr/local/lib/target.sh' }],
      },
    ).describe('A file that is sent to the guest before boot.sh runs.'),
    cwd: setting(guestPath().prefault('/root'), {
      meaning: 'Where commands and the shell start.',
      example: '/opt/fstests',
    }),
    ssh: setting(flag().prefault(false), {
      meaning:
        'Whether the public keys of `ssh.authorized_keys` are sent to /root/.ssh/authorized_keys, for an ssh server.',
      example: true,
    }),
    env: setting(environment(withAnySettings(environmentText)).prefault({}), {
      meaning:
        'A variable for boot.sh, the commands and the shell. It may name settings: "{cifs.share}"; with one that is not ' +
        'set it is left out. A size is a number of MiB, a duration one of milliseconds, a list has blanks between its ' +
        'words. `guest.env` of rapido.toml wins.',
      example: { MNT: '/mnt/test', SHARE: '{cifs.share}' },
    }),
  })
  .prefault({})
  .describe('What boot.sh is told.')

const networkKind = choice(['none', 'user', 'bridge'])
const cephUse = choice(['none', 'cluster', 'cephfs', 'rbd'])
const when = setting(
  list(
    z
      .strictObject({
        setting: setting(settingName(), {
          meaning: 'A setting of rapido.toml, which must be there.',
          example: 'usb_gadget.backing',
        }),
        is: setting(text().optional(), { meaning: 'The value that it has.', example: 'rbd', unset: 'any: it is set' }),
        network: setting(networkKind.optional(), {
          meaning: 'In place of `network`.',
          example: 'bridge',
          unset: 'as it is',
        }),
        ceph: setting(cephUse.optional(), { meaning: 'In place of `ceph`.', example: 'rbd', unset: 'as it is' }),
        install: setting(programs().prefault([]), { meaning: 'More for `image.install`.', example: ['dmsetup'] }),
        drivers: setting(drivers().prefault([]), { meaning: 'More for `image.drivers`.', example: ['dm_crypt'] }),
        settings: setting(list(settingName(), { of: 'settings', such: '["kernel.src"]' }).prefault([]), {
          meaning: 'More for `requires.settings`.',
          example: ['secrets.chap_password'],
        }),
        kernel: setting(list(optionName(), { of: 'kernel options', such: '["DM_CRYPT"]' }).prefault([]), {
          meaning: 'More for `requires.kernel`.',
          example: ['DM_CRYPT'],
        }),
      })
      .superRefine(({ setting, is }, context) => {
        const never = is === undefined ? undefined : neverIs(setting, is)
        if (never !== undefined) context.addIssue({ code: 'custom', path: ['is'], message: `never holds: ${never}` })
      }),
    { of: 'tables', such: '[{ setting = "usb_gadget.backing", is = "rbd", ceph = "rbd" }]' },
  ).prefault([]),
  {
    meaning: 'What differs with a setting.',
    example: [{ setting: 'usb_gadget.backing', is: 'rbd', network: 'bridge', ceph: 'rbd' }],
  },
).describe('What differs with a setting of rapido.toml. Of several that hold, the later one wins.')

/** profile.toml. */
export const profileSchema = z.strictObject({
  summary: setting(
    text({ pattern: /^\P{Cc}+$/u, what: 'one line of text', advice: 'say in a few words what the profile is for' }),
    { meaning: 'What the profile is for, in one line. Must be there.', example: 'One SCSI disk behind two paths' },
  ),
  extends: setting(
    text({ pattern: /^\w[\w.-]*$/, what: 'the name of a profile', advice: 'see `rapido list`' }).optional(),
    {
      kind: 'profile',
      meaning:
        'Another profile whose all this one has, too: tables are joined, lists follow each other, of anything else this ' +
        "one's wins; disks are told apart by `id`. boot.sh is this one's, if it has any.",
      example: 'fstests',
      unset: 'it stands alone',
    },
  ),
  template: setting(flag().prefault(false), {
    meaning: 'Whether it is only there for others to extend.',
    example: true,
  }),
  network: setting(networkKind.prefault('none'), {
    meaning:
      'How the guest reaches others: not at all, through QEMU as a program of this user, or on a bridge with other VMs.',
    example: 'bridge',
  }),
  snapshot: setting(choice(['ready', 'after-boot-script', 'off']).prefault('ready'), {
    meaning:
      'What a snapshot of it is taken of: the guest once it is ready, before it knows anything of a run. Or after its boot.sh, ' +
      'where that does what all VMs can share: RAPIDO_VM is 0 in it, and one that has a disk, a network, a shared folder or a ' +
      'secret runs it for itself all the same. "off" where each run wants a kernel that has just booted.',
    example: 'after-boot-script',
  }),
  ceph: setting(cephUse.prefault('none'), {
    meaning:
      'What it needs of a Ceph cluster: that there is one, a file system with an MDS, or an RBD image. boot.sh has the ' +
      'helpers and variables of docs/ceph.md then, and the key as a secret.',
    example: 'cephfs',
  }),
  image,
  machine,
  requires,
  boot,
  suite,
  group,
  when,
})
