import { kernelNumber } from './kernel-contents.js'
import { compareReleases } from './kernel-release.js'

/**
 * Kernel parameters of an emulated machine for its clocks (docs/decisions/0010-clocks-under-emulation.md): its TSC is that of
 * the host, of `tscKHz`, which the kernel is told, for when it measures that itself it may be wrong, and takes its time.
 * Undefined: the host has none that keeps time.
 */
export function clockArgs(kernel: { release: string; config?: string }, tscKHz: number | undefined): string[] {
  const checks = 'no_timer_check' // which the emulated ones fail by being slow
  if (tscKHz === undefined || compareReleases(kernel.release, firstToBeTold) < 0) return [checks, 'tsc=unstable']
  const hz = kernelNumber(kernel, 'HZ')
  // Each further CPU measures for 80 ms how long its loops of delay take, unless it is told.
  const delay = hz === undefined ? [] : [`lpj=${Math.round((tscKHz * 1000) / hz)}`]
  return [checks, 'tsc=reliable', `tsc_early_khz=${tscKHz}`, ...delay]
}

/** The first kernel that knows tsc_early_khz. */
const firstToBeTold = '5.8'
