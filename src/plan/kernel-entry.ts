import { RapidoError } from '../errors.js'
import type { KernelPlan } from './kernel.js'
import { kernelHas } from './kernel-contents.js'

/** How the machine gets into the kernel. */
export type KernelEntry =
  | { kind: 'bzimage' } // firmware, then the image unpacks itself: two seconds where there is no KVM
  | { kind: 'elf'; path: string } // straight into the vmlinux of a tree, through its PVH entry
  | { kind: 'unpack' } // the same, with the ELF that is packed in the image (src/image/direct-kernel.ts)

/**
 * Chooses the entry: PVH where the kernel has one. KASLR is the work of the image's own unpacker, so a kernel that is
 * entered by PVH is where it was linked. Throws RapidoError('usage') for `pvh` with a kernel that has none.
 */
export function planKernelEntry(wanted: 'auto' | 'pvh' | 'bzimage', kernel: KernelPlan): KernelEntry {
  if (wanted === 'bzimage') return { kind: 'bzimage' }
  if (kernelHas(kernel, 'PVH') !== 'y') {
    if (wanted === 'auto') return { kind: 'bzimage' }
    throw new RapidoError(
      'usage',
      `kernel.entry is "pvh", but kernel ${kernel.release} is not known to have CONFIG_PVH=y`,
      {
        hint: 'build it with CONFIG_PVH, or use "auto"',
      },
    )
  }
  if (kernel.source === 'tree' && kernel.vmlinux !== undefined) return { kind: 'elf', path: kernel.vmlinux }
  return { kind: 'unpack' }
}
