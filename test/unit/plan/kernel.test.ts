import { describe, expect, test } from 'vitest'
import { RapidoError } from '../../../src/errors.js'
import { planKernel } from '../../../src/plan/kernel.js'
import type { InstalledKernel, KernelFacts, KernelSettings, TreeFacts } from '../../../src/plan/kernel-facts.js'

const installed = (release: string, changes: Partial<InstalledKernel> = {}): InstalledKernel => ({
  release,
  image: { path: `/boot/vmlinuz-${release}`, readable: true },
  config: 'CONFIG_MODULES=y\n',
  modules: { folder: `/lib/modules/${release}`, dep: 'kernel/fs/xfs/xfs.ko:\n', builtin: '' },
  ...changes,
})

const facts = (kernels: InstalledKernel[], changes: Partial<KernelFacts> = {}): KernelFacts => ({
  running: '6.9.0',
  installed: kernels,
  modulesRoot: '/lib/modules',
  installHint: 'apt install linux-image-amd64',
  ...changes,
})

const tree = (changes: Partial<TreeFacts> = {}): KernelFacts =>
  facts([], {
    tree: {
      path: '/src/linux',
      found: 'folder',
      looksLikeKernel: true,
      images: ['arch/x86/boot/bzImage'],
      release: '6.10.0-rc1+',
      config: 'CONFIG_MODULES=y\n',
      modulesRoot: '/src/linux/mods/lib/modules',
      modulesReleases: ['6.10.0-rc1+'],
      modules: { folder: '/src/linux/mods/lib/modules/6.10.0-rc1+', dep: '' },
      ...changes,
    },
  })

const src: KernelSettings = { src: '/src/linux' }

describe('the kernel is chosen in this order', () => {
  const three = [installed('6.9.0'), installed('6.10.0'), installed('6.1.0')]

  test.each<[string, KernelSettings, KernelFacts, { source: string; release: string; image: string }]>([
    [
      'the tree',
      { ...src, release: '6.1.0' },
      tree(),
      { source: 'tree', release: '6.10.0-rc1+', image: '/src/linux/arch/x86/boot/bzImage' },
    ],
    [
      'the release asked for',
      { release: '6.1.0' },
      facts(three),
      { source: 'release', release: '6.1.0', image: '/boot/vmlinuz-6.1.0' },
    ],
    ['the running one', {}, facts(three), { source: 'running', release: '6.9.0', image: '/boot/vmlinuz-6.9.0' }],
    [
      'the newest',
      {},
      facts(three, { running: '6.2.0' }),
      { source: 'newest', release: '6.10.0', image: '/boot/vmlinuz-6.10.0' },
    ],
    [
      'the newest that can be booted',
      {},
      facts([
        installed('6.9.0', { modules: undefined }),
        installed('6.10.0', { image: undefined }),
        installed('6.8.0'),
      ]),
      { source: 'newest', release: '6.8.0', image: '/boot/vmlinuz-6.8.0' },
    ],
  ])('%s', (_, settings, given, expected) => {
    expect(planKernel(settings, given)).toMatchObject(expected)
  })
})

test('a tree without loadable modules needs no folder of modules', () => {
  const plan = planKernel(
    src,
    tree({
      config: '# CONFIG_MODULES is not set\n',
      modules: undefined,
      modulesReleases: [],
      builtin: 'kernel/fs/xfs/xfs.ko\n',
    }),
  )
  expect(plan.modulesDir).toBeUndefined()
  expect(plan.builtin?.has('xfs')).toBe(true)
})

describe('what is wrong is said, with what to type', () => {
  test.each<[string, KernelSettings, KernelFacts, string, string]>([
    ['no such tree', src, tree({ found: undefined }), '/src/linux does not exist', 'name a built kernel tree'],
    ['a file', src, tree({ found: 'file' }), '/src/linux is not a folder', 'name a built kernel tree'],
    ['some other folder', src, tree({ looksLikeKernel: false }), 'is not a kernel tree', '`make` was run in'],
    ['a tree without an image', src, tree({ images: [] }), 'no arch/x86/boot/bzImage', 'run `make` in /src/linux'],
    [
      'a tree for another architecture',
      src,
      tree({ images: ['arch/arm64/boot/Image'] }),
      'arch/arm64/boot/Image is for another architecture',
      'run `make`',
    ],
    ['a tree without a release', src, tree({ release: undefined }), 'include/config/kernel.release', 'run `make` in'],
    [
      'a tree without modules',
      src,
      tree({ modules: undefined, modulesReleases: [] }),
      'no modules installed: no /src/linux/mods/lib/modules/6.10.0-rc1+',
      'run `make modules_install INSTALL_MOD_PATH=./mods` in /src/linux',
    ],
    [
      'modules of another release',
      src,
      tree({ modules: undefined, modulesReleases: ['6.9.0'] }),
      'are of another release (6.9.0); kernel.src /src/linux built 6.10.0-rc1+',
      'run `make modules_install INSTALL_MOD_PATH=./mods` in /src/linux',
    ],
    [
      'modules elsewhere',
      { ...src, modules: '/srv/mods' },
      tree({ modules: undefined, modulesReleases: [], modulesRoot: '/srv/mods/lib/modules' }),
      'no /srv/mods/lib/modules/6.10.0-rc1+',
      'INSTALL_MOD_PATH=/srv/mods',
    ],
    [
      'modules without an index',
      src,
      tree({ modules: { folder: '/src/linux/mods/lib/modules/6.10.0-rc1+' } }),
      'no modules.dep',
      'run `depmod -b /src/linux/mods 6.10.0-rc1+`',
    ],
    [
      'a release that is not installed',
      { release: '6.5.0' },
      facts([installed('6.1.0'), installed('6.10.0')]),
      '"6.5.0" is not installed',
      'installed are 6.10.0, 6.1.0',
    ],
    [
      'a release without modules',
      { release: '6.9.0' },
      facts([installed('6.9.0', { modules: undefined })]),
      'no /lib/modules/6.9.0',
      'install its package again',
    ],
    [
      "Ubuntu's unreadable image",
      {},
      facts([installed('6.9.0', { image: { path: '/boot/vmlinuz-6.9.0', readable: false } })]),
      'you may not read /boot/vmlinuz-6.9.0',
      'sudo chmod a+r /boot/vmlinuz-6.9.0',
    ],
    ['no kernel at all', {}, facts([]), 'no kernel to boot', '`apt install linux-image-amd64`'],
  ])('%s', (_, settings, given, message, hint) => {
    const error = thrownBy(() => planKernel(settings, given))
    expect(error.code).toBe('host')
    expect(error.message).toContain(message)
    expect(error.hint).toContain(hint)
  })
})

function thrownBy(act: () => unknown): RapidoError {
  try {
    act()
  } catch (error) {
    if (error instanceof RapidoError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
