import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gatherKernelFacts } from '../../../src/host/kernels.js'

let root: string
const at = (name: string) => join(root, name)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-kernels-'))
})

afterEach(() => rmSync(root, { recursive: true }))

test('installed kernels are found in /boot and in lib/modules', () => {
  write('boot/vmlinuz-6.1.0', 'image')
  write('boot/config-6.1.0', 'CONFIG_MODULES=y\n')
  write('boot/vmlinuz-0-rescue-abc', 'image')
  write('lib/modules/6.1.0/modules.dep', 'kernel/a.ko:\n')
  write('lib/modules/6.5.0/vmlinuz', 'image')
  write('lib/modules/6.5.0/config', 'CONFIG_X=y\n')
  write('lib/modules/6.5.0/modules.builtin', 'kernel/b.ko\n')
  write('usr/lib/debug/boot/vmlinux-6.1.0', 'elf')
  const { installed, modulesRoot } = gatherKernelFacts({}, { root, running: '5.0.0' })
  expect(modulesRoot).toBe(at('lib/modules'))
  expect(installed).toEqual([
    {
      release: '6.1.0',
      image: { path: at('boot/vmlinuz-6.1.0'), readable: true },
      vmlinux: at('usr/lib/debug/boot/vmlinux-6.1.0'),
      config: 'CONFIG_MODULES=y\n',
      modules: { folder: at('lib/modules/6.1.0'), dep: 'kernel/a.ko:\n' },
    },
    {
      release: '6.5.0',
      image: { path: at('lib/modules/6.5.0/vmlinuz'), readable: true },
      config: 'CONFIG_X=y\n',
      modules: { folder: at('lib/modules/6.5.0'), builtin: 'kernel/b.ko\n' },
    },
  ])
})

test('only the running kernel is read where it can be booted', () => {
  for (const release of ['6.1.0', '6.5.0']) {
    write(`boot/vmlinuz-${release}`, 'image')
    write(`lib/modules/${release}/modules.dep`, '')
  }
  expect(releases(gatherKernelFacts({}, { root, running: '6.1.0' }))).toEqual(['6.1.0'])
  expect(releases(gatherKernelFacts({ release: '6.5.0' }, { root, running: '6.1.0' }))).toEqual(['6.5.0'])
  expect(releases(gatherKernelFacts({ release: '7.0.0' }, { root, running: '6.1.0' }))).toEqual(['6.1.0', '6.5.0'])
})

test('a built tree is described, with the modules beside it', () => {
  write('linux/Kconfig', '')
  write('linux/.config', 'CONFIG_MODULES=y\n')
  write('linux/include/config/kernel.release', '6.10.0-rc1+\n')
  write('linux/arch/x86/boot/bzImage', 'image')
  write('linux/vmlinux', 'elf')
  write('linux/mods/lib/modules/6.10.0-rc1+/modules.dep', 'kernel/a.ko:\n')
  expect(gatherKernelFacts({ src: at('linux') }, { root }).tree).toEqual({
    path: at('linux'),
    found: 'folder',
    looksLikeKernel: true,
    images: ['arch/x86/boot/bzImage'],
    release: '6.10.0-rc1+',
    vmlinux: at('linux/vmlinux'),
    config: 'CONFIG_MODULES=y\n',
    modulesRoot: at('linux/mods/lib/modules'),
    modulesReleases: ['6.10.0-rc1+'],
    modules: { folder: at('linux/mods/lib/modules/6.10.0-rc1+'), dep: 'kernel/a.ko:\n' },
  })
})

test('kernel.modules says where the modules of a tree are', () => {
  write('linux/include/config/kernel.release', '6.10.0\n')
  write('elsewhere/lib/modules/6.9.0/modules.dep', '')
  const { tree } = gatherKernelFacts({ src: at('linux'), modules: at('elsewhere') }, { root })
  expect(tree).toMatchObject({ modulesReleases: ['6.9.0'], modulesRoot: at('elsewhere/lib/modules') })
  expect(tree?.modules).toBeUndefined()
})

test('a tree that is not there is no error yet', () => {
  expect(gatherKernelFacts({ src: at('none') }, { root }).tree).toMatchObject({ looksLikeKernel: false, images: [] })
})

function write(name: string, content: string): void {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), content)
}

function releases(facts: { installed: { release: string }[] }): string[] {
  return facts.installed.map(({ release }) => release)
}
