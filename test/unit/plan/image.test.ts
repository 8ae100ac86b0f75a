import { describe, expect, test } from 'vitest'
import { RapidoError } from '../../../src/errors.js'
import { dracutArgv } from '../../../src/plan/dracut-args.js'
import { planImage } from '../../../src/plan/image.js'
import { dracut, imageInput } from '../../helpers/image-inputs.js'

const file = (path: string) => ({ path, kind: 'file' as const })

describe('the arguments of dracut', () => {
  test.each([
    ['plain', imageInput({})],
    [
      'multipath',
      imageInput({
        image: {
          install: ['multipath', 'mkfs.xfs'],
          install_optional: ['strace'],
          include: [{ from: 'multipath.conf', to: '/etc/' }],
          drivers: ['dm-multipath', 'xfs', 'loop'],
          drivers_optional: ['dm_dust'],
          dracut_modules: ['multipath'],
        },
        requires: ['DM_MULTIPATH'],
        facts: { includes: { '/home/u/profiles/demo/multipath.conf': 'file' } },
      }),
    ],
    [
      'own-tree',
      imageInput({
        image: { install: ['{kernel.src}/tools/perf/perf', 'ls'] },
        settings: { image: { dracut_args: ['--verbose', '--filesystems', 'ext4'] }, kernel: { src: '/src/linux' } },
        kernel: { source: 'tree', release: '6.10.0', modulesDir: '/src/linux/mods/lib/modules/6.10.0' },
        facts: {
          programs: { '/src/linux/tools/perf/perf': file('/src/linux/tools/perf/perf') },
          dracut: { ...dracut, program: '/src/dracut/dracut.sh', base: '/src/dracut', local: true },
        },
      }),
    ],
    [
      'without-modules',
      imageInput({ kernel: { modulesDir: undefined, modules: new Map(), config: '# CONFIG_MODULES is not set\n' } }),
    ],
    [
      'odd-places',
      imageInput({
        image: {
          install: ['ls', '/tmp/build/tool', 'mkfs.xfs', 'libkeyutils.so.1'],
          install_optional: ['/usr/lib/locale/C.utf8'],
          include: [{ from: '/srv/my tests', to: '/opt/tests' }],
        },
        facts: {
          programs: {
            ls: file('/home/u/bin/ls'),
            '/tmp/build/tool': file('/tmp/build/tool'),
            'mkfs.xfs': file('/opt/with space/mkfs.xfs'),
            'libkeyutils.so.1': file('/usr/lib64/libkeyutils.so.1'),
            '/usr/lib/locale/C.utf8': { path: '/usr/lib/locale/C.utf8', kind: 'folder' },
          },
          includes: { '/srv/my tests': 'folder' },
        },
      }),
    ],
  ])('%s', async (name, input) => {
    const argv = dracutArgv(planImage(input).userspace.dracut, '/cache/build')
    await expect(`${argv.join('\n')}\n`).toMatchFileSnapshot(`../../fixtures/dracut/${name}.args`)
  })
})

test('a program from outside the PATH of the guest gets a link there', () => {
  const plan = planImage(
    imageInput({ image: { install: ['ls'] }, facts: { programs: { ls: file('/home/u/bin/ls') } } }),
  )
  expect(plan.guest.links).toEqual([{ path: '/usr/bin/ls', target: '/home/u/bin/ls' }])
})

test('a program under /tmp, which the guest mounts over, goes to /usr/bin', () => {
  const plan = planImage(imageInput({ image: { install: ['ls'] }, facts: { programs: { ls: file('/tmp/x/ls') } } }))
  expect(plan.includes).toContainEqual({ from: '/tmp/x/ls', to: '/usr/bin/ls', kind: 'file' })
  expect(plan.guest.links).toEqual([])
})

test('what is optional and missing is left out with a note, what rapido itself may do without in silence', () => {
  const plan = planImage(
    imageInput({
      guest: { install_optional: ['/usr/share/terminfo/v/vt220'], drivers_optional: ['pvpanic_mmio'] },
      image: { install_optional: ['strace', 'odd'], drivers_optional: ['dm_dust'] },
      facts: { providers: { strace: { package: 'strace' }, odd: { find: 'apt-file search bin/odd' } } },
    }),
  )
  expect(plan.notes).toEqual([
    'left out strace: not on this host (apt install strace)',
    'left out odd: not on this host (apt-file search bin/odd)',
    'left out driver dm_dust: CONFIG_DM_DUST is off in kernel 6.1.0-9-amd64',
  ])
})

test('a driver that is built in is neither missing nor passed to dracut', () => {
  expect(planImage(imageInput({ image: { drivers: ['loop', '8250', 'xfs'] } })).drivers).toEqual([
    'xfs',
    'virtio_console',
  ])
})

test('everything that is missing is told at once, with what provides it', () => {
  const error = refusalOf({
    image: {
      install: ['mount.ceph', 'odd', '/opt/x/tool'],
      include: [{ from: 'x.conf', to: '/etc/x.conf' }],
      drivers: ['dm_dust', 'udf', 'nosuch'],
      dracut_modules: ['iscsi'],
    },
    requires: ['CONFIG_DM_DUST', 'XFS_FS'],
    facts: {
      providers: {
        'mount.ceph': { package: 'ceph-common' },
        odd: { find: 'apt-file search bin/odd' },
        iscsiadm: { package: 'open-iscsi' },
        iscsid: { package: 'open-iscsi' },
        'iscsi-iname': { package: 'open-iscsi' },
      },
      includes: { '/home/u/profiles/demo/x.conf': 'nothing' },
    },
  })
  expect(error.code).toBe('host')
  expect(error.message.split('\n')).toEqual([
    'profile "demo" needs what is not there:',
    '  dracut module iscsi: not in /usr/lib/dracut/modules.d of dracut 059-4',
    '  program mount.ceph: not on this host; package ceph-common',
    '  program odd: not on this host; `apt-file search bin/odd`',
    '  /opt/x/tool: does not exist',
    '  program iscsiadm: not on this host; package open-iscsi',
    '  program iscsid: not on this host; package open-iscsi',
    '  program iscsi-iname: not on this host; package open-iscsi',
    '  include /home/u/profiles/demo/x.conf: does not exist',
    '  driver dm_dust: CONFIG_DM_DUST is off in kernel 6.1.0-9-amd64',
    '  driver udf: CONFIG_UDF_FS=m, but it is not in /lib/modules/6.1.0-9-amd64; another package of the kernel may have it',
    '  driver nosuch: kernel 6.1.0-9-amd64 has it neither as a module nor built in',
    '  kernel option DM_DUST: off in kernel 6.1.0-9-amd64',
  ])
  expect(error.hint).toBe('run `apt install ceph-common open-iscsi`')
})

test('a host without dracut is told what provides it', () => {
  const error = refusalOf({ facts: { dracut: { problem: 'not on this host', remedy: { package: 'dracut-core' } } } })
  expect(error.message).toContain('dracut: not on this host')
  expect(error.hint).toBe('run `apt install dracut-core`')
})

test("a profile cannot take the place of the guest's own init", () => {
  const error = refusalOf({
    image: { include: [{ from: '/srv/init', to: '//init' }] },
    facts: { includes: { '/srv/init': 'file' } },
  })
  expect(error.code).toBe('usage')
  expect(error.message).toContain("that place is rapido's own")
})

test('an include cannot leave the image', () => {
  const plan = planImage(
    imageInput({
      image: { include: [{ from: '/srv/x', to: '/../../etc/x' }] },
      facts: { includes: { '/srv/x': 'file' } },
    }),
  )
  expect(plan.includes.at(-1)?.to).toBe('/etc/x')
})

describe('trees', () => {
  const tree = (from: string, to = '/opt/x') => ({ from, to, leave_out: ['.git', '*.o'] })
  const fstests = { settings: { fstests: { src: '/home/u/xfstests' } } }

  test.each([
    ['{fstests.src}', '/home/u/xfstests'],
    ['{fstests.src}/tests/', '/home/u/xfstests/tests'],
    ['tree', '/home/u/profiles/demo/tree'],
    ['/srv/../opt/tree', '/opt/tree'],
  ])('from %s are from %s', (written, from) => {
    const { trees } = planImage(imageInput({ image: { trees: [tree(written)] }, ...fstests }))
    expect(trees).toEqual([{ from, to: '/opt/x', leaveOut: ['.git', '*.o'] }])
  })

  test.each([
    ['/opt/x/', '/opt/x'],
    ['/opt//y/../x', '/opt/x'],
    ['/../opt/x', '/opt/x'],
  ])('to %s are at %s in the guest', (written, to) => {
    expect(planImage(imageInput({ image: { trees: [tree('/t', written)] } })).trees[0]?.to).toBe(to)
  })

  test('need the setting that they name', () => {
    const error = refusalOf({ image: { trees: [tree('{fstests.src}')] }, settings: { fstests: {} } })
    expect(error.message).toBe('{fstests.src} needs the setting fstests.src, which is not set')
  })

  test('are nothing to dracut, and change neither its arguments nor the key of the image', () => {
    const [plain, withTree] = [[], [tree('/t')]].map((trees) => planImage(imageInput({ image: { trees } })))
    expect(withTree?.trees).toHaveLength(1)
    expect({ ...withTree, trees: [] }).toEqual(plain)
  })
})

describe('the key of an image changes', () => {
  const key = (changes: Parameters<typeof imageInput>[0]) => planImage(imageInput(changes)).key
  const plain = key({ image: { install_optional: ['strace'] } })

  test.each<[string, Parameters<typeof imageInput>[0]]>([
    [
      'when an optional program turns up',
      { image: { install_optional: ['strace'] }, facts: { programs: { strace: file('/usr/bin/strace') } } },
    ],
    ['with a driver', { image: { install_optional: ['strace'], drivers: ['xfs'] } }],
    ['with the kernel', { image: { install_optional: ['strace'] }, kernel: { release: '6.1.0-10-amd64' } }],
    [
      'with the folder of its modules',
      { image: { install_optional: ['strace'] }, kernel: { modulesDir: '/m/lib/modules/6.1.0-9-amd64' } },
    ],
    ['with dracut', { image: { install_optional: ['strace'] }, facts: { dracut: { ...dracut, version: '060' } } }],
  ])('%s', (_, changes) => {
    expect(key(changes)).not.toBe(plain)
  })

  test('but not with the name of the profile', () => {
    const input = imageInput({ image: { install_optional: ['strace'] } })
    expect(planImage({ ...input, profile: { ...input.profile, name: 'other' } }).key).toBe(plain)
  })
})

function refusalOf(changes: Parameters<typeof imageInput>[0]): RapidoError {
  try {
    planImage(imageInput(changes))
  } catch (error) {
    if (error instanceof RapidoError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
