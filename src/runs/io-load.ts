import { RapidoError } from '../errors.js'
import type { GuestCommand } from '../machine/guest-command.js'
import type { Vm } from './vm.js'

/** What an I/O load has done and seen so far (src/guest/io-load). */
export interface LoadResult {
  writes: number
  reads: number
  errors: number // operations that failed
  mismatches: number // blocks that were not as written
  longestGapMs: number // without a completed operation, of one job; to 10 ms
  firstProblem: string // empty: there was none
}

/** How an I/O load works: with so many jobs, on so much of the device, resting for so long between two writes. */
export interface LoadOptions {
  jobs?: number // 1
  sizeMiB?: number // 4
  pauseMs?: number // 0: leaves no CPU of a slow host to anybody else
}

/** From an operation until it is in a report, at most. */
const reportMs = 350

/** An I/O load that runs in a guest. */
export class IoLoad {
  readonly #vm: Vm
  readonly #command: GuestCommand
  readonly #device: string
  #stdout = ''
  #stderr = ''
  #sofar: LoadResult | undefined
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(vm: Vm, device: string, options: LoadOptions = {}) {
    this.#vm = vm
    this.#device = device
    const size = options.sizeMiB === undefined ? [] : ['--size', String(options.sizeMiB * 1024 * 1024)]
    const jobs = options.jobs === undefined ? [] : ['--jobs', String(options.jobs)]
    const pause = options.pauseMs === undefined ? [] : ['--pause', String(options.pauseMs)]
    this.#command = vm.start(['io-load', device, '--progress', ...jobs, ...size, ...pause])
    this.#command.stdin.end()
    this.#command.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk
    })
    this.#command.stderr.on('data', (chunk: Buffer) => this.#takeProgress(chunk))
  }

  /** What it told last: a third of a second old at most, unless it waits for I/O. */
  get sofar(): LoadResult | undefined {
    return this.#sofar
  }

  /** Returns when it has done `operations` more than now. Throws RapidoError: 'timeout', or 'guest' where it ended. */
  async progress(operations: number, { timeoutMs }: { timeoutMs: number }): Promise<void> {
    const askedAt = performance.now()
    let before: number | undefined // as of a report that can know nothing of the time before the call
    const isDone = () => {
      if (this.#toldAt < askedAt + reportMs) return false
      const done = (this.#sofar?.writes ?? 0) + (this.#sofar?.reads ?? 0)
      before ??= done
      return done - before >= operations
    }
    const what = `${operations} more operations of the load on ${this.#device}`
    const ended = this.#command.exit.then(() => {
      throw this.#failed(`it ended: ${this.#stderr.trim().split('\n').at(-1)}`)
    })
    await Promise.race([this.#vm.waitUntil(isDone, { what, timeoutMs, intervalMs: 50 }), ended])
  }

  /**
   * Ends it, once it has verified all it wrote, and returns what it saw: errors and mismatches are for the caller to
   * judge. Throws RapidoError('timeout') where I/O does not come back, 'guest' where it could not run.
   */
  async stop({ timeoutMs = 60_000 }: { timeoutMs?: number } = {}): Promise<LoadResult> {
    this.#command.kill('TERM')
    await this.#vm.within(`the load on ${this.#device} did not end`, timeoutMs, this.#command.exit)
    const line = this.#stdout.trim().split('\n').at(-1) ?? ''
    if (!line.startsWith('{')) throw this.#failed(this.#stderr.trim() || 'it said nothing')
    return JSON.parse(line)
  }

  #takeProgress(chunk: Buffer): void {
    this.#stderr = (this.#stderr + chunk).slice(-64 * 1024)
    const last = this.#stderr.split('\n').findLast((line) => /^\{.*\}$/.test(line))
    if (last === undefined) return
    this.#sofar = JSON.parse(last)
    this.#toldAt = performance.now()
  }

  #failed(why: string): RapidoError {
    return new RapidoError('guest', `vm${this.#vm.number}: the load on ${this.#device}: ${why}`)
  }
}
