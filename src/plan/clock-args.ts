import { kernelNumber } from './kernel-contents.js'

/**
 * Kernel parameters of an emulated machine for its clocks. Emulated ones fail their checks by being slow, and a TSC misjudged
 * for that lets time run at a multiple of its speed: docs/decisions/0010-clocks-under-emulation.md. The TSC is that of the host,
 * of `tscKHz` (undefined: not known), and what the kernel counts in delays: told how many of those are a tick (lpj), each CPU
 * but the first boots 80 ms faster.
 */
export function clockArgs(kernel: { config?: string }, tscKHz: number | undefined): string[] {
  const hz = kernelNumber(kernel, 'HZ')
  const delay = tscKHz === undefined || hz === undefined ? [] : [`lpj=${Math.round((tscKHz * 1000) / hz)}`]
  return ['no_timer_check', 'tsc=unstable', ...delay]
}
