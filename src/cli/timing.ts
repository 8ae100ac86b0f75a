import { RapidoError } from '../errors.js'
import { type Phase, timingText } from '../report/timing.js'
import { timingSvg } from '../report/timing-svg.js'
import { initRanAt } from '../runs/guest-clock.js'
import type { Vm } from '../runs/vm.js'
import type { Io } from './io.js'
import { writeReport } from './reports.js'
import type { Stopwatch } from './stopwatch.js'

/** Throws RapidoError('usage') for a --timing that cannot be; `machines` is how many VMs there are. */
export function requireTimeable(timing: string | undefined, { machines }: { machines: number }): void {
  if (timing === undefined) return
  if (machines > 1) throw new RapidoError('usage', '--timing is for one VM, not for several')
  if (timing === '' || timing.endsWith('.svg')) return
  throw new RapidoError('usage', `--timing ${timing}: the plot is SVG, and its file ends in .svg`, {
    hint: 'without a file, put --timing last',
  })
}

/** Asks a guest when its kernel was done, which takes a moment of its own. */
export async function askTiming(vm: Vm, stopwatch: Stopwatch): Promise<void> {
  const initAtMs = await initRanAt(vm)
  if (initAtMs !== undefined) stopwatch.mark('init', initAtMs)
  stopwatch.mark('asked')
}

/** Tells where the time went, on stderr, and in a file where one was asked for. */
export async function tellTiming(
  phases: Phase[],
  { timing, title, io }: { timing: string; title: string; io: Io },
): Promise<void> {
  io.stderr.write(timingText(phases))
  if (timing !== '') await writeReport(timing, timingSvg(phases, { title }), io)
}
