import { formatDurationMs } from '../config/units.js'
import { RapidoError } from '../errors.js'
import { untilGiven } from '../host/cpu-wait.js'
import { cpusOf, dumpTasks } from '../machine/hang.js'
import type { Machine } from '../machine/machine.js'
import { untilAborted } from './until-aborted.js'

/**
 * Waits for what a guest that boots is to answer. Throws RapidoError('timeout') with the last line of its console after
 * `limitMs`, not counting the time in which the host had no CPU for it; by then its kernel was asked for its tasks.
 */
export async function untilAnswer<T>(
  answer: Promise<T>,
  of: { machine: Machine; number: number; log: string; limitMs: number; signal: AbortSignal },
): Promise<T> {
  const { machine, number, log, limitMs } = of
  const timer = new AbortController()
  const signal = AbortSignal.any([of.signal, timer.signal])
  const expired = untilGiven(limitMs, { pid: machine.pid, signal }).then(async (waitedMs) => {
    const [last = 'nothing at all'] = machine.console.lastLines(1)
    const { cpus, isDumped } = await untilAborted(of.signal, askWhy(machine))
    const where = isDumped ? ', and at its end where each task is' : ''
    const waited = waitedMs < 1000 ? '' : `, besides ${Math.round(waitedMs / 1000)}s without a CPU of this host`
    const what = `vm${number}: no answer from the guest within ${formatDurationMs(limitMs)}${waited}`
    throw new RapidoError('timeout', `${what}; ${cpus === undefined ? '' : `${cpus}; `}last console line: ${last}`, {
      hint: `the whole console is in ${log}${where}; run.boot_timeout sets the limit`,
    })
  })
  answer.catch(() => {}) // after an abort nobody waits for it
  try {
    return await Promise.race([answer, expired])
  } finally {
    timer.abort()
  }
}

/** A QEMU that does not say what its CPUs do has no guest to ask either. */
async function askWhy(machine: Machine): Promise<{ cpus: string | undefined; isDumped: boolean }> {
  const cpus = await cpusOf(machine)
  return { cpus, isDumped: cpus !== undefined && (await dumpTasks(machine)) !== '' }
}
