import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../../errors.js'
import { describeEnd, type MachineEnd } from '../../machine/end.js'
import { askWhy } from '../../machine/hang.js'
import type { Incident } from '../../machine/incidents.js'
import { symbolise } from '../../machine/symbolise.js'
import type { Attempt } from '../../report/suite-result.js'
import type { Emit } from '../events.js'
import { startVm } from '../start-vm.js'
import { runBootScript } from '../steps.js'
import type { Vm } from '../vm.js'
import { BetweenTests } from './between-tests.js'
import { disagreements } from './disagreements.js'
import type { SuiteEvent } from './frames.js'
import type { Share } from './queue.js'
import type { MachineRecord, ResultFolder } from './result-folder.js'
import { RunningTest } from './running-test.js'
import { type SuiteSession, startSession } from './session.js'
import { type SuitePlan, testKey } from './suite.js'
import { crashOf, hangReason } from './test-watch.js'

/** What a VM asks and tells of its tests. */
export interface TestHooks {
  mayBegin(name: string, config: string | undefined): boolean
  attemptNumber(name: string, config: string | undefined): number
  ended(name: string, config: string | undefined, attempt: Attempt): void
  note(text: string): void
}

interface Surroundings {
  record: MachineRecord
  folder: ResultFolder
  signal: AbortSignal
  emit: Emit
  onEnd(why: string): void
}

/** The last words of a guest that died get here in this time. */
const lastWordsMs = 500
/** So long after the stream of a program ends, its machine may need to end, too. */
const endMs = 10_000
const keptText = 64 * 1024
const keptSaid = 8 * 1024 // of the test, before a dump

/** A VM that runs tests of a suite, one share after the other, until one of them costs it. */
export class SuiteVm {
  readonly number: number
  readonly #vm: Vm
  readonly #plan: SuitePlan
  readonly #around: Surroundings
  #test: RunningTest | undefined
  #why: string | undefined // it ended, where a test did that

  private constructor(vm: Vm, plan: SuitePlan, around: Surroundings) {
    this.number = around.record.vm
    this.#vm = vm
    this.#plan = plan
    this.#around = around
  }

  /** Boots one and runs boot.sh. Throws RapidoError like startVm, and 'guest' where boot.sh fails. */
  static async start(plan: SuitePlan, around: Surroundings): Promise<SuiteVm> {
    let self: SuiteVm | undefined
    const emit: Emit = (event) => {
      if (event.type === 'incident') {
        const isOutside = self?.tookIncident(event.incident) ?? true
        if (!isOutside) return
        around.record.incidents.push(event.incident)
        around.folder.recordMachine(around.record)
      }
      around.emit(event)
    }
    const vm = await startVm(plan.run, { signal: around.signal, emit, size: { rows: 24, columns: 80 }, term: 'dumb' })
    self = new SuiteVm(vm, plan, around)
    try {
      const script = runBootScript(vm, { emit: (event) => void (event.type === 'note' && emit(event)), steps: [] })
      const step = await vm.within('boot.sh did not end', plan.run.settings.run.timeout, script)
      if (step.status === 0) return self
      throw new RapidoError('guest', `boot.sh failed with status ${step.status}`, { hint: step.stderr?.trim() })
    } catch (error) {
      await self.end('at once')
      throw error
    }
  }

  /** Whether the report is of no test. */
  private tookIncident(incident: Incident): boolean {
    this.#test?.incidents.push(incident)
    return this.#test === undefined
  }

  /**
   * Runs tests of a share, all of it unless one of them costs the VM. `isUsable`: it can take another one; `said`: what
   * the program printed outside of tests; `isStuck`: there it took longer than a test may, and has cost the VM.
   */
  async run(share: Share, hooks: TestHooks): Promise<{ isUsable: boolean; isStuck: boolean; said: string }> {
    const between = new BetweenTests(this.#plan.testTimeoutMs, () => this.#endHung('it hung, outside of any test'))
    const state: SessionState = { share, hooks, verdicts: new Map(), said: '', hasEnded: false, isWorn: false }
    try {
      await this.#watch(state, between)
    } catch (error) {
      if (between.stuck === undefined) throw error
    } finally {
      between.pause()
    }
    if (between.stuck !== undefined) {
      return { isUsable: false, isStuck: true, said: `${state.said}\n${await between.stuck}`.slice(0, keptText) }
    }
    if (state.hasEnded) return { isUsable: !state.isWorn, isStuck: false, said: state.said }
    const test = this.#test
    this.#test = undefined
    if (test?.hang !== undefined) await this.#record(test, await this.#hung(test), hooks)
    else if (test) await this.#record(test, await this.#crashed(test), hooks)
    return { isUsable: false, isStuck: false, said: state.said }
  }

  /** One program, until it ends or the guest does. */
  async #watch(state: SessionState, between: BetweenTests): Promise<void> {
    const { program } = this.#plan
    const { tests, config } = state.share
    const session = await startSession(this.#vm, {
      argv: program.argv(tests, config),
      env: program.env(config),
      files: program.files?.(tests) ?? {},
    })
    for await (const event of session.events) {
      if (between.stuck !== undefined) continue // too late: no test begins any more
      between.pause()
      await this.#take(event, state, session)
      if (this.#test === undefined) between.resume()
    }
  }

  async #take(event: SuiteEvent, state: SessionState, session: SuiteSession): Promise<void> {
    const test = this.#test
    switch (event.type) {
      case 'text':
        if (test) test.say(event.text)
        else state.said = (state.said + event.text).slice(-keptText)
        return
      case 'file':
        test?.begins(event.path)
        return
      case 'bytes':
        test?.write(event.bytes)
        return
      case 'exit':
        if (test) test.exit = event.status
        return
      case 'start':
        await this.#finish(event.taint, state)
        return this.#begin(event, state, session)
      case 'end': {
        const tail = test?.text ?? ''
        await this.#finish(event.taint, state)
        state.hasEnded = true
        state.said = (state.said + tail).slice(-keptText)
        const own = this.#plan.program.ownSummary?.(state.said)
        for (const note of disagreements(state.verdicts, own)) state.hooks.note(note)
      }
    }
  }

  #begin(
    { test: name, taint }: Extract<SuiteEvent, { type: 'start' }>,
    { share, hooks, isWorn }: SessionState,
    session: SuiteSession,
  ): void {
    const isWelcome = !isWorn && !this.#vm.machine.end && hooks.mayBegin(name, share.config)
    if (isWelcome) {
      this.#test = new RunningTest(
        { name, config: share.config },
        {
          folder: this.#around.folder,
          attempt: hooks.attemptNumber(name, share.config),
          taint,
          limitMs: this.#plan.testTimeoutMs,
          onLimit: (test) => this.#endHung(`${testKey(test)} hung`),
        },
      )
    }
    session.answer(isWelcome)
  }

  /** The test that ran is over: what it was is known now. */
  async #finish(taint: number, state: SessionState): Promise<void> {
    const test = this.#test
    if (test === undefined) return
    this.#test = undefined
    if (test.hang !== undefined) {
      state.isWorn = true
      return this.#record(test, await this.#hung(test), state.hooks)
    }
    const verdict = this.#plan.program.verdict(test)
    state.verdicts.set(test.name, verdict.status)
    if (test.hasDied(taint)) state.isWorn = true // the kernel lost a task, and with it who knows what locks
    await this.#record(test, { ...verdict, taint: test.newTaint(taint) }, state.hooks)
  }

  async #record(
    test: RunningTest,
    ended: Pick<Attempt, 'status' | 'reason' | 'output' | 'subtests'> & { taint?: string },
    hooks: TestHooks,
  ): Promise<void> {
    const attempt = test.attempt({ ...ended, vm: this.number })
    hooks.ended(test.name, test.config, attempt)
  }

  /** A guest that hangs says where, and is lost: in a test, or outside of any, where check mounts and repairs file systems. */
  async #endHung(why: string): Promise<string> {
    const { cpus = '', tasks } = await askWhy(this.#vm.machine)
    this.#why = why
    await this.#vm.machine.stop({ patienceMs: 0 })
    return `${cpus}\n${tasks}`
  }

  async #hung(test: RunningTest): Promise<Pick<Attempt, 'status' | 'reason' | 'output'>> {
    const dump = (await test.hang) ?? ''
    // The CPUs and the tasks that are blocked come first, then all others.
    const output = [test.text.slice(-keptSaid), dump].join('\n').slice(0, keptText)
    return { status: 'timeout', reason: hangReason(this.#plan.testTimeoutMs, dump), output }
  }

  async #crashed(test: RunningTest): Promise<Pick<Attempt, 'status' | 'reason' | 'output'>> {
    const { machine } = this.#vm
    const end = await Promise.race([machine.ended, delay(endMs, undefined)])
    await delay(lastWordsMs)
    const report = crashOf(test.incidents)
    const why = report?.title ?? (end ? describeEnd(end) : "the suite's program was killed in the guest")
    this.#why = `${testKey(test)}: ${why}`
    const lines = report === undefined ? machine.console.lastLines(60) : await this.#readable(report)
    return { status: 'crash', reason: why, output: [test.text, ...lines].join('\n').slice(-keptText) }
  }

  async #readable({ lines }: Incident): Promise<string[]> {
    const { src, vmlinux, modulesDir } = this.#plan.run.kernel
    if (src === undefined || vmlinux === undefined) return [...lines]
    const readable = await symbolise(lines, { src, vmlinux, modules: modulesDir })
    return [...readable.lines, ...(readable.note === undefined ? [] : [`(${readable.note})`])]
  }

  /** Ends the VM, by force where nothing of it is of use any more; its console is in the result folder then. */
  async end(how: 'in order' | 'at once' = 'in order'): Promise<void> {
    const { record, folder, onEnd } = this.#around
    this.#test?.abandon()
    this.#test = undefined // its end is ours, and no crash
    const end: MachineEnd = await (how === 'at once' ? this.#vm.machine.stop({ patienceMs: 0 }) : this.#vm.stop())
    await this.#vm.closed
    record.consoleLog = folder.keepConsole(this.number, this.#vm.consoleLog)
    record.end = this.#why ?? describeEnd(end)
    folder.recordMachine(record)
    onEnd(record.end)
  }
}

/** One program that runs tests in the VM. */
interface SessionState {
  share: Share
  hooks: TestHooks
  verdicts: Map<string, Attempt['status']> // by name, of tests that came to their end
  said: string // outside of tests
  hasEnded: boolean // it said so
  isWorn: boolean // no test may begin in this VM any more
}
