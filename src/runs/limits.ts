import { setMaxListeners } from 'node:events'
import { formatDurationMs } from '../config/units.js'
import { RapidoError } from '../errors.js'
import { untilAborted } from './until-aborted.js'
import type { Vm } from './vm.js'

/** What may end a run from outside of it: the caller, the time it may take, silence, a report of the kernel. */
export class Limits {
  readonly #ending = new AbortController()
  readonly #signal: AbortSignal
  readonly #timers: NodeJS.Timeout[] = []
  /** After an abort: when the work has noticed. */
  settled: Promise<void> = Promise.resolve()
  #lastHeard = performance.now()

  constructor(caller: AbortSignal) {
    this.#signal = AbortSignal.any([caller, this.#ending.signal])
    setMaxListeners(0, this.#signal) // every machine of the run listens
  }

  /** Runs the work until it is done or one of the limits says no. */
  async hold(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#signal.throwIfAborted()
    const working = work(this.#signal)
    this.settled = working.catch(() => {})
    await untilAborted(this.#signal, working)
  }

  whole(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) return
    const error = new RapidoError('timeout', `the run took longer than ${formatDurationMs(timeoutMs)}`, {
      hint: '--timeout or run.timeout sets the limit',
    })
    this.#timers.push(setTimeout(() => this.#ending.abort(error), timeoutMs))
  }

  heard(): void {
    this.#lastHeard = performance.now()
  }

  silence(limitMs: number | undefined, vm: Vm): void {
    if (limitMs === undefined) return
    this.heard()
    const check = () => {
      if (performance.now() - this.#lastHeard < limitMs) return
      this.#ending.abort(vm.timeoutError('no sign of life', limitMs))
    }
    this.#timers.push(setInterval(check, Math.min(1000, limitMs / 4)))
  }

  endSoon(afterMs: number, error: RapidoError): void {
    this.#timers.push(setTimeout(() => this.#ending.abort(error), afterMs))
  }

  over(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
