import { kernelHas } from './kernel-contents.js'
import type { ChannelPlan } from './machine.js'

/** A virtio-serial port where the kernel can drive one, or does not say; else the second serial port. */
export function planChannel(kernel: { config?: string }): ChannelPlan {
  const options = ['VIRTIO_PCI', 'VIRTIO_CONSOLE']
  return options.some((option) => kernelHas(kernel, option) === 'n') ? { kind: 'serial' } : { kind: 'virtio' }
}
