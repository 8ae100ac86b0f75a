import { formatDurationMs } from '../../config/units.js'
import { RapidoError } from '../../errors.js'
import { count } from '../../report/plain.js'
import type { Attempt } from '../../report/suite-result.js'
import { hasFailed } from '../../report/suite-tests.js'
import type { Emit } from '../events.js'
import { untilAborted } from '../until-aborted.js'
import { attemptsByTest } from './attempts-by-test.js'
import type { SuiteRunEvent } from './events.js'
import { keepTimes, readTimes, timesFile } from './past-times.js'
import { costsVm, type Share, SuiteQueue } from './queue.js'
import type { AttemptRecord, MachineRecord, ResultFolder, RunOptions } from './result-folder.js'
import { type SuitePlan, type SuiteTest, testKey } from './suite.js'
import { SuiteVm } from './suite-vm.js'

export interface SuiteOptions extends RunOptions {
  folder: ResultFolder
  attempts: AttemptRecord[] // of an earlier part of this run
  machines: MachineRecord[] // of that, too
  signal: AbortSignal
  emit: Emit
  tell: (event: SuiteRunEvent) => void
}

/** What came of a run of a suite: everything for its result. */
export interface SuiteOutcome {
  failure: unknown // what ended it early, if anything did
  attempts: ReadonlyMap<string, readonly Attempt[]> // by testKey
  machines: MachineRecord[]
  notes: string[]
}

/**
 * Runs the tests of a suite in VMs: what crashes or hangs costs its VM, and a fresh one goes on. What finished is in the
 * result folder by then. Throws nothing of its own accord: whatever happens is in the outcome.
 */
export async function runSuite(plan: SuitePlan, options: SuiteOptions): Promise<SuiteOutcome> {
  const run = new SuiteRun(plan, options)
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(() => ending.abort(overTime(options)), options.timeoutMs)
  let failure: unknown
  try {
    await run.all(signal, ending)
  } catch (error) {
    failure = signal.aborted ? signal.reason : error
  }
  clearTimeout(timer)
  await keepTimes(run.timesFile, run.times).catch(() => {}) // only a guess for the next time
  // None failed for so long: that is what it was to find out, if any ran at all.
  if (options.untilFail && isOverTime(failure) && run.hasFinishedAny) failure = undefined
  return { failure, attempts: run.attempts(), machines: run.machines, notes: run.notes }
}

const overTimes = new WeakSet<object>()

function overTime({ timeoutMs = 0, folder }: SuiteOptions): RapidoError {
  const error = new RapidoError('timeout', `the run took longer than ${formatDurationMs(timeoutMs)}`, {
    hint: `--timeout sets the limit; --resume ${folder.path} goes on with it`,
  })
  overTimes.add(error)
  return error
}

function isOverTime(error: unknown): boolean {
  return typeof error === 'object' && error !== null && overTimes.has(error)
}

/** A run that goes on, whatever its VMs do. */
class SuiteRun {
  readonly machines: MachineRecord[]
  readonly notes: string[] = []
  readonly times = new Map<string, number>() // ms by testKey, of this run
  readonly timesFile: string
  readonly #plan: SuitePlan
  readonly #options: SuiteOptions
  readonly #queue: SuiteQueue
  readonly #past: ReadonlyMap<string, number>
  #crashes = 0

  constructor(plan: SuitePlan, options: SuiteOptions) {
    this.#plan = plan
    this.#options = options
    this.machines = [...options.machines]
    this.timesFile = timesFile(plan.run.settings.paths.state, plan.run.profile.name)
    this.#past = readTimes(this.timesFile)
    this.#queue = new SuiteQueue(plan.tests, {
      vms: options.vms,
      times: this.#past,
      attempts: attemptsByTest(options.attempts),
      repeat: options.untilFail,
    })
  }

  attempts(): ReadonlyMap<string, readonly Attempt[]> {
    return new Map(this.#plan.tests.map((test) => [testKey(test), this.#queue.attemptsOf(test)]))
  }

  get hasFinishedAny(): boolean {
    return this.#queue.done > 0
  }

  async all(signal: AbortSignal, ending: AbortController): Promise<void> {
    const { tell, folder, rerunFailed } = this.#options
    const expectedMs = this.#expectedMs()
    tell({ type: 'suite-begun', total: this.#queue.total, done: this.#queue.done, expectedMs, folder: folder.path })
    await this.#round(signal, ending)
    for (let round = 1; round <= rerunFailed; round++) {
      // One that a --resume finds half done has some of its rounds already.
      const failed = this.#queue.failed.filter((test) => this.#queue.attemptsOf(test).length <= round)
      this.#queue.againAlone(failed.filter((test) => !this.#queue.isGivenUp(test)))
      await this.#round(signal, ending)
    }
  }

  /** What all of it takes by past times, where enough is known of them. */
  #expectedMs(): number | undefined {
    const known = this.#queue.waiting.flatMap((test) => this.#past.get(testKey(test)) ?? [])
    if (known.length < this.#queue.waiting.length / 2) return undefined
    const usual = known.reduce((sum, ms) => sum + ms, 0) / known.length
    return (usual * this.#queue.waiting.length) / this.#options.vms
  }

  /** All VMs at work, until nothing is left to run. */
  async #round(signal: AbortSignal, ending: AbortController): Promise<void> {
    const workers = Array.from({ length: this.#options.vms }, (_, place) => this.#work(place, signal))
    for (const worker of workers) worker.catch((error) => ending.abort(error)) // one that cannot go on ends the others
    const outcomes = await Promise.allSettled(workers)
    const failed = outcomes.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #work(place: number, signal: AbortSignal): Promise<void> {
    let vm: SuiteVm | undefined
    let idle = 0 // how often in a row a program ended without a test
    try {
      for (let share = this.#queue.take(place); share !== undefined; share = this.#queue.take(place)) {
        signal.throwIfAborted()
        const isFresh = vm === undefined
        vm ??= await this.#startVm(signal)
        const hooks = this.#hooks({ place, share, vm })
        const session = await untilAborted(signal, vm.run(share, hooks))
        idle = hooks.hasMoved() ? 0 : idle + 1
        if (idle > 0)
          requireProgress(share.tests[0] as string, { ...session, idle, isFresh, limitMs: this.#plan.testTimeoutMs })
        if (!session.isUsable || idle > 0 || share.isAlone) {
          await vm.end()
          vm = undefined
        }
        this.#requireFewCrashes()
      }
    } finally {
      await vm?.end(signal.aborted ? 'at once' : 'in order')
    }
  }

  async #startVm(signal: AbortSignal): Promise<SuiteVm> {
    const { emit, tell, folder } = this.#options
    const known = [...this.machines, ...this.#options.attempts].map(({ vm }) => vm)
    const number = Math.max(0, ...known) + 1
    const record: MachineRecord = { vm: number, consoleLog: '', end: '', incidents: [] }
    this.machines.push(record)
    folder.recordMachine(record)
    tell({ type: 'vm-begun', vm: number })
    const vm = await SuiteVm.start(this.#plan, {
      record,
      folder,
      signal,
      emit,
      onEnd: (why) => tell({ type: 'vm-ended', vm: number, why }),
    })
    tell({ type: 'vm-booted', vm: number })
    return vm
  }

  #hooks({ place, share, vm }: { place: number; share: Share; vm: SuiteVm }) {
    const { tell, folder } = this.#options
    const find = (name: string, config: string | undefined): SuiteTest => ({ name, config })
    let hasMoved = false
    return {
      /** Whether the program came as far as a test of its share; one that was refused is another VM's by now, or left alone. */
      hasMoved: () => hasMoved,
      mayBegin: (name: string, config: string | undefined): boolean => {
        hasMoved ||= share.tests.includes(name)
        if (!this.#queue.begin(place, find(name, config))) return false
        tell({ type: 'test-begun', test: testKey({ name, config }), vm: vm.number })
        return true
      },
      attemptNumber: (name: string, config: string | undefined) => this.#queue.attemptsOf({ name, config }).length + 1,
      ended: (name: string, config: string | undefined, attempt: Attempt): void => {
        folder.record({ name, config, ...attempt })
        const again = this.#queue.attemptsOf({ name, config }).length > 0
        this.#queue.ended({ name, config }, attempt)
        if (attempt.status === 'pass' || attempt.status === 'fail')
          this.times.set(testKey({ name, config }), attempt.durationMs)
        const isExcused = this.#queue.isExcused({ name, config })
        if (costsVm(attempt) && !isExcused) this.#crashes += 1
        if (this.#options.untilFail && hasFailed(attempt) && !isExcused) this.#queue.clear()
        tell({ type: 'test-ended', test: testKey({ name, config }), vm: vm.number, attempt, again, isExcused })
      },
      note: (text: string) => void this.notes.push(text),
    }
  }

  #requireFewCrashes(): void {
    const { maxCrashes } = this.#options
    if (this.#crashes <= maxCrashes) return
    const what = `${count(this.#crashes, 'test')} crashed or hung the guest, more than --max-crashes allows`
    throw new RapidoError('guest', what, { hint: 'what is left was not run; --resume goes on with it' })
  }
}

/**
 * A program that runs no test at all, or dies before one, would do so for ever. In a VM that has run others, one of those
 * may be why: a fresh one is to show it.
 */
function requireProgress(
  test: string,
  {
    idle,
    isFresh,
    isUsable,
    isStuck,
    said,
    limitMs,
  }: Awaited<ReturnType<SuiteVm['run']>> & { idle: number; isFresh: boolean; limitMs: number },
): void {
  const hint = said.trim().split('\n').slice(-8).join('\n')
  if (isFresh && isStuck) {
    throw new RapidoError('timeout', `${test} did not begin within ${formatDurationMs(limitMs)}`, { hint })
  }
  if ((isFresh && isUsable) || idle >= 3)
    throw new RapidoError('guest', `the suite ended before ${test} began`, { hint })
}
