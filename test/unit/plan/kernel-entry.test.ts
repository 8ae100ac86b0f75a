import { describe, expect, test } from 'vitest'
import type { KernelPlan } from '../../../src/plan/kernel.js'
import { planKernelEntry } from '../../../src/plan/kernel-entry.js'

const installed: KernelPlan = {
  source: 'running',
  release: '6.1.0',
  image: '/boot/vmlinuz-6.1.0',
  modulesDir: '/lib/modules/6.1.0',
  config: 'CONFIG_PVH=y\n',
  modules: new Map(),
}
const tree: KernelPlan = { ...installed, source: 'tree', vmlinux: '/linux/vmlinux' }

describe('the entry of a kernel', () => {
  test.each<[string, Parameters<typeof planKernelEntry>, ReturnType<typeof planKernelEntry>]>([
    ['is PVH, unpacked from the image, for an installed kernel', ['auto', installed], { kind: 'unpack' }],
    ["is a tree's vmlinux", ['auto', tree], { kind: 'elf', path: '/linux/vmlinux' }],
    ['is unpacked for a tree without vmlinux', ['auto', { ...tree, vmlinux: undefined }], { kind: 'unpack' }],
    ['is not a vmlinux of debug symbols', ['auto', { ...installed, vmlinux: '/usr/lib/debug/x' }], { kind: 'unpack' }],
    [
      'is the image without CONFIG_PVH',
      ['auto', { ...tree, config: '# CONFIG_PVH is not set\n' }],
      { kind: 'bzimage' },
    ],
    ['is the image where the config is not known', ['auto', { ...tree, config: undefined }], { kind: 'bzimage' }],
    ['is the image when asked for', ['bzimage', tree], { kind: 'bzimage' }],
    ['is PVH when asked for', ['pvh', tree], { kind: 'elf', path: '/linux/vmlinux' }],
  ])('%s', (_, [wanted, kernel], entry) => {
    expect(planKernelEntry(wanted, kernel)).toEqual(entry)
  })

  test('cannot be PVH where the kernel has none', () => {
    expect(() => planKernelEntry('pvh', { ...tree, config: '# CONFIG_PVH is not set\n' })).toThrow(
      'kernel.entry is "pvh", but kernel 6.1.0 is not known to have CONFIG_PVH=y',
    )
  })
})
