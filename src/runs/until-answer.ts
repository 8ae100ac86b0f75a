import { formatDurationMs } from '../config/units.js'
import { RapidoError } from '../errors.js'
import { untilGiven } from '../host/cpu-wait.js'
import { askWhy } from '../machine/hang.js'
import type { Machine } from '../machine/machine.js'

/**
 * Waits for what a guest that boots is to answer. Throws RapidoError('timeout') with the last line of its console after
 * `limitMs`, not counting the time in which the host had no CPU for it; its kernel is asked why before that.
 */
export async function untilAnswer<T>(
  answer: Promise<T>,
  of: { machine: Machine; number: number; log: string; limitMs: number; signal: AbortSignal },
): Promise<T> {
  const { machine, number, log, limitMs, signal } = of
  const timer = new AbortController()
  const limit = untilGiven(limitMs, { pid: machine.pid, signal: AbortSignal.any([signal, timer.signal]) })
  answer.catch(() => {}) // after an abort nobody waits for it
  const ended = await Promise.race([
    answer.then((value) => ({ value })),
    limit.then((waitedMs) => ({ waitedMs })),
  ]).finally(() => timer.abort())
  if ('value' in ended) return ended.value

  const [last = 'nothing at all'] = machine.console.lastLines(1)
  const { cpus, tasks } = await askWhy(machine, { signal })
  const waited =
    ended.waitedMs < 1000 ? '' : `, besides ${Math.round(ended.waitedMs / 1000)}s without a CPU of this host`
  const what = `vm${number}: no answer from the guest within ${formatDurationMs(limitMs)}${waited}`
  const where = tasks === '' ? '' : ', and at its end where each task is'
  throw new RapidoError('timeout', `${what}; ${cpus === undefined ? '' : `${cpus}; `}last console line: ${last}`, {
    hint: `the whole console is in ${log}${where}; run.boot_timeout sets the limit`,
  })
}
