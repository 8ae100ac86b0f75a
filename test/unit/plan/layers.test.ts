import { describe, expect, test } from 'vitest'
import { type ImagePlan, planImage } from '../../../src/plan/image.js'
import { depmodArgv, firmwarePath, installerArgv, isPlain, modulesPlan } from '../../../src/plan/layers.js'
import { dracut, imageInput } from '../../helpers/image-inputs.js'

type Changes = Parameters<typeof imageInput>[0]
const plan = (changes: Changes = {}): ImagePlan => planImage(imageInput(changes))

const include = (found: 'file' | 'executable' | 'folder', to = '/etc/x'): Changes => ({
  image: { include: [{ from: '/srv/x', to }] },
  facts: { includes: { '/srv/x': found } },
})

describe('what changes a layer', () => {
  const plain = plan()

  test.each<[string, Changes, { userspace: boolean; modules: boolean }]>([
    ['a program', { image: { install: ['ls'] } }, { userspace: true, modules: false }],
    ['a driver', { image: { drivers: ['xfs'] } }, { userspace: false, modules: true }],
    ['another kernel', { kernel: { release: '6.10.0' } }, { userspace: false, modules: true }],
    ['modules elsewhere', { kernel: { modulesDir: '/m' } }, { userspace: false, modules: true }],
    ['another dracut', { facts: { dracut: { ...dracut, version: '060' } } }, { userspace: true, modules: false }],
    ['a file that is included', include('file'), { userspace: false, modules: false }],
    ['an executable that is included', include('executable'), { userspace: true, modules: false }],
    ['a folder that is included', include('folder'), { userspace: true, modules: false }],
  ])('%s', (_, changes, changed) => {
    const now = plan(changes)
    expect({
      userspace: now.userspace.key !== plain.userspace.key,
      modules: now.modules?.key !== plain.modules?.key,
    }).toEqual(changed)
    expect(now.key).not.toBe(plain.key)
  })

  test('not the order of drivers, nor one that is named twice', () => {
    const modules = { installer: '/i', release: '6.1', modulesDir: '/m' }
    const key = (...drivers: string[]) => modulesPlan({ ...modules, drivers }).key
    expect(key('xfs', 'loop', 'xfs')).toBe(key('loop', 'xfs'))
    expect(key('xfs')).not.toBe(key('loop'))
  })
})

describe('dracut installs the drivers itself', () => {
  test.each<[string, Changes]>([
    ['where a profile names modules of dracut', { image: { dracut_modules: ['multipath'] } }],
    ['where it has more options', { settings: { image: { dracut_args: ['--add-drivers', 'loop'] } } }],
    ['where it has no dracut-install', { facts: { dracut: { ...dracut, installer: undefined } } }],
  ])('%s', (_, changes) => {
    const { userspace, modules, drivers } = plan(changes)
    expect(modules).toBeUndefined()
    expect(userspace.drivers).toEqual(drivers)
    expect(userspace.dracut.kernel).toMatchObject({ release: '6.1.0-9-amd64', drivers: ['virtio_console'] })
  })

  test('and otherwise knows of no kernel', () => {
    const { userspace, modules } = plan()
    expect(userspace).toMatchObject({ drivers: [], dracut: { kernel: undefined } })
    expect(modules?.drivers).toEqual(['virtio_console'])
  })
})

test('a kernel without modules has no layer of them', () => {
  expect(plan({ kernel: { modulesDir: undefined, modules: new Map() } }).modules).toBeUndefined()
})

test("rapido's own scripts are in the small layer, executable or not, and a profile's plain files", () => {
  const { guest, userspace } = plan({
    image: { include: ['x', 'y'].map((name) => ({ from: `/srv/${name}`, to: `/etc/${name}` })) },
    facts: {
      includes: { '/opt/rapido/src/guest/init': 'executable', '/srv/x': 'file', '/srv/y': 'executable' },
    },
  })
  expect(guest.includes.map(({ to }) => to)).toEqual(['/init', '/etc/x'])
  expect(userspace.includes.map(({ to }) => to)).toEqual(['/etc/y'])
})

test.each([
  ['/etc/multipath.conf', 'file', false, true],
  ['/usr/local/bin/tool', 'file', true, false], // dracut looks for its libraries
  ['/opt/tests', 'folder', false, false],
  ['/usr/lib/libx.so', 'file', false, false],
  ['/usr/lib/libx.so.1', 'file', false, false],
  ['/etc/ld.so.conf.d/x.conf', 'file', false, false],
  ['/etc/x.solo', 'file', false, true],
] as const)('%s, a %s, executable: %s, is plain: %s', (to, kind, executable, expected) => {
  expect(isPlain({ from: '/srv/x', to, kind }, { executable })).toBe(expected)
})

test('dracut-install and depmod are called as dracut calls them', () => {
  const modules = modulesPlan({ installer: '/i', release: '6.1', modulesDir: '/m/6.1', drivers: ['xfs', 'loop'] })
  expect(installerArgv(modules, '/b/root').join(' ')).toBe('-D /b/root --kerneldir /m/6.1 -m loop xfs')
  expect(depmodArgv(modules, '/b/root').join(' ')).toBe('-a -b /b/root 6.1')
})

test('firmware is looked for where dracut does, for the kernel of the guest', () => {
  const folders = '/lib/firmware/updates/6.1:/lib/firmware/updates:/lib/firmware/6.1:/lib/firmware'
  expect(firmwarePath('6.1', '')).toBe(folders)
  expect(firmwarePath('6.1', '/srv/firmware')).toBe(`/srv/firmware:${folders}`)
})
