import { setTimeout as delay } from 'node:timers/promises'
import { type FaultInput, type FaultVerb, isCephFault, isUsbFault } from '../config/fault-verbs.js'
import { formatDurationMs } from '../config/units.js'
import { RapidoError } from '../errors.js'
import type { WindowSize } from '../host/pty-process.js'
import type { BootScriptOutput } from '../image/snapshots.js'
import type { MachineEnd } from '../machine/end.js'
import type { GuestCommand } from '../machine/guest-command.js'
import { endedUnexpectedly, type Machine } from '../machine/machine.js'
import { QemuGone } from '../machine/qmp.js'
import { readFault } from '../plan/faults.js'
import { isAlone } from '../plan/machine.js'
import { faultCluster } from './fault-ceph.js'
import { faultUsb } from './fault-usb.js'
import { IoLoad, type LoadOptions } from './io-load.js'
import type { RunPlan } from './plan-run.js'
import { runBootScript } from './steps.js'
import type { CephUse } from './use-ceph.js'

/** A shell line, or an argv that no shell sees. */
export type Command = string | string[]

export interface ExecResult {
  status: number
  stdout: string
  stderr: string
}

/** How long each of the guest's two chances to power off lasts, with a guest that answers. */
export const patienceMs = 5000

/** What it gets beyond that to write what outlives it: to a cluster, to a disk that is somebody's own, or to another machine. */
export function flushMs({ ceph }: RunPlan, { plan }: Pick<Machine, 'plan'>): number {
  const isKept = plan.disks.some(({ medium, readonly }) => medium.kind !== 'scratch' && !readonly)
  return ceph !== undefined || isKept || plan.network.kind === 'bridge' ? 15_000 : 0
}

/** How the guest is stopped: without the kernel's own power-off where that has no disk, network or folder to let go of. */
export function howToStop({ settings }: RunPlan, { plan }: Pick<Machine, 'plan'>): 'poweroff' | 'quit' {
  const isQuit = settings.run.power_off === 'auto' && isAlone(plan) && plan.extraArgs.length === 0
  return isQuit ? 'quit' : 'poweroff'
}

/** What Machine.stop() is asked for a guest that answers. */
export const inOrder = (plan: RunPlan, machine: Machine) => ({
  patienceMs,
  flushMs: flushMs(plan, machine),
  how: howToStop(plan, machine),
})

/**
 * A VM that is up: its guest has said hello and knows who it is. `await using vm = await boot(…)` stops it at the end
 * of the block. Everything that waits also ends when the machine does.
 */
export class Vm implements AsyncDisposable {
  readonly number: number
  readonly plan: RunPlan
  readonly machine: Machine
  readonly kernelRelease: string
  readonly consoleLog: string // path
  readonly ceph: CephUse | undefined // the cluster it uses
  /** The machine has ended and nothing of it is left on the host. */
  readonly closed: Promise<MachineEnd>
  readonly #env: Record<string, string>
  readonly #meetAgain: () => Promise<void>
  #resetting: Promise<void> | undefined
  #bootScriptOutput: BootScriptOutput | undefined

  constructor(parts: {
    number: number
    plan: RunPlan
    machine: Machine
    kernelRelease: string
    consoleLog: string
    ceph?: CephUse | undefined
    env: Record<string, string>
    closed: Promise<MachineEnd>
    meetAgain: () => Promise<void> // after a reset: tells the guest all that it was told
    bootScript?: BootScriptOutput | undefined // where it has run before, in the snapshot
  }) {
    this.number = parts.number
    this.plan = parts.plan
    this.machine = parts.machine
    this.kernelRelease = parts.kernelRelease
    this.consoleLog = parts.consoleLog
    this.ceph = parts.ceph
    this.closed = parts.closed
    this.#env = parts.env
    this.#meetAgain = parts.meetAgain
    this.#bootScriptOutput = parts.bootScript
  }

  /** What boot.sh wrote, where it need not run any more. Once: a guest that boots anew runs it. */
  takeBootScriptOutput(): BootScriptOutput | undefined {
    const output = this.#bootScriptOutput
    this.#bootScriptOutput = undefined
    return output
  }

  /** Starts a command in the guest: its streams are binary-safe and apart, `exit` is its status. */
  start(command: Command, options: { env?: Record<string, string>; cwd?: string } = {}): GuestCommand {
    return this.machine.channel.run({
      argv: typeof command === 'string' ? ['bash', '-c', command] : command,
      cwd: options.cwd ?? this.plan.profile.boot.cwd,
      env: { ...this.#env, ...options.env },
    })
  }

  /**
   * Runs a command to its end, whatever its status. Throws RapidoError: 'crash' when the kernel panics, 'guest' when
   * the guest goes away, 'timeout' after `timeoutMs` (the command is killed then).
   */
  async exec(
    command: Command,
    options: { env?: Record<string, string>; cwd?: string; input?: string | Buffer; timeoutMs?: number } = {},
  ): Promise<ExecResult> {
    const running = this.start(command, options)
    running.stdin.end(options.input)
    try {
      const { status, stdout, stderr } = await this.within(
        `${shown(command)} did not end`,
        options.timeoutMs,
        running.collect(),
      )
      return { status, stdout: stdout.toString(), stderr: stderr.toString() }
    } catch (error) {
      running.kill('KILL') // of no avail, and no harm, where it is gone
      throw error
    }
  }

  /** Like exec, for a command that must succeed: returns its standard output, throws RapidoError('guest') otherwise. */
  async succeed(command: Command, options: Parameters<Vm['exec']>[1] = {}): Promise<string> {
    const { status, stdout, stderr } = await this.exec(command, options)
    if (status === 0) return stdout
    throw new RapidoError('guest', `vm${this.number}: status ${status} from: ${shown(command)}\n${stderr || stdout}`)
  }

  /** Like exec, for a command that must fail: returns what it printed, throws RapidoError('guest') where it succeeds. */
  async fail(command: Command, options: Parameters<Vm['exec']>[1] = {}): Promise<ExecResult> {
    const result = await this.exec(command, options)
    if (result.status !== 0) return result
    throw new RapidoError('guest', `vm${this.number}: it succeeded, and should have failed: ${shown(command)}`)
  }

  /**
   * Repeats a command in the guest until it succeeds. Throws RapidoError('timeout') that says what it waited for and
   * what the console said last.
   */
  async waitFor(command: Command, options: { timeoutMs: number; intervalMs?: number }): Promise<void> {
    const deadline = performance.now() + options.timeoutMs
    const holds = async () => {
      const timeoutMs = Math.max(1, deadline - performance.now())
      const running = this.exec(command, { timeoutMs }).catch((error) => {
        if (error instanceof RapidoError && error.code === 'timeout') return undefined // the wait has ended, too
        throw error
      })
      return (await running)?.status === 0
    }
    await this.waitUntil(holds, { ...options, what: shown(command) })
  }

  /** Asks again and again until `condition` holds. `what` names it in the error: a RapidoError('timeout'). */
  async waitUntil(
    condition: () => boolean | Promise<boolean>,
    options: { timeoutMs: number; intervalMs?: number; what?: string },
  ): Promise<void> {
    const what = `${options.what ?? 'the condition'} did not come true`
    const over = new AbortController()
    const holds = async () => {
      while (!over.signal.aborted && !(await condition())) {
        if (this.machine.end) throw endedUnexpectedly(this.machine.end)
        await delay(options.intervalMs ?? 100)
      }
    }
    try {
      await this.within(what, options.timeoutMs, holds()) // a condition may itself wait for ever
    } finally {
      over.abort()
    }
  }

  /** Returns the first match in what the console has said lately, or says from now on. */
  async waitForConsole(pattern: RegExp, options: { timeoutMs: number }): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null
    await this.waitUntil(
      () => {
        match = pattern.exec(this.machine.console.lastLines(Number.POSITIVE_INFINITY).join('\n'))
        return match !== null
      },
      { ...options, what: `${pattern} on the console` },
    )
    return match as unknown as RegExpExecArray
  }

  /** Starts an I/O load on a block device of the guest, which verifies what it writes: for tests under a fault. */
  load(device: string, options: LoadOptions = {}): IoLoad {
    return new IoLoad(this, device, options)
  }

  /** Writes a file in the guest, folders made. */
  writeFile(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
    return this.machine.channel.writeFile(path, content, mode)
  }

  /** Starts the login shell on the console. It ends with `exit`, and with the guest. */
  startShell(size?: WindowSize): GuestCommand {
    if (size) this.resize(size)
    const shell = this.start(['/usr/lib/rapido/console'])
    shell.stdin.end()
    return shell
  }

  /** Tells the guest the size of the terminal that its console is on. */
  resize(size: WindowSize): void {
    this.machine.console.resize(size)
    this.machine.channel.setWindowSize(size)
  }

  /**
   * Does a fault, or undoes one: `fault('path-dead', { path: 'hda' })`, `fault('freeze')`. Returns once it is seen to
   * work. Throws RapidoError: 'usage' for what cannot be, 'host' where QEMU refuses.
   */
  async fault<Verb extends FaultVerb>(
    verb: Verb,
    ...[options]: Record<never, never> extends FaultInput<Verb> ? [FaultInput<Verb>?] : [FaultInput<Verb>]
  ): Promise<void> {
    const fault = readFault(verb, options)
    try {
      if (isCephFault(fault)) return await faultCluster(fault, this)
      if (isUsbFault(fault)) return await faultUsb(fault, this)
      if (fault.verb === 'reset') return await this.reset()
      if (fault.verb !== 'power-cut') return await this.machine.faults.apply(fault)
      await this.machine.powerCut()
      await this.closed
    } catch (error) {
      // QMP goes a moment before the end of QEMU is known, which says more.
      if (error instanceof QemuGone) throw endedUnexpectedly(await this.machine.ended)
      throw error
    }
  }

  /** Whether the guest is being reset; returns when that is over. For who has a shell on the console. */
  async isReset(): Promise<boolean> {
    if (this.#resetting === undefined) return false
    await this.#resetting.catch(() => {})
    return this.machine.end === undefined
  }

  /** Presses the reset button, and returns when the guest is up again and boot.sh has run. What ran in it has failed. */
  async reset(): Promise<void> {
    this.#resetting = this.#reset()
    await this.#resetting.finally(() => {
      this.#resetting = undefined
    })
  }

  async #reset(): Promise<void> {
    await this.machine.reset()
    await this.#meetAgain()
    const { status, stderr } = await this.within(
      'boot.sh did not end',
      this.plan.settings.run.timeout,
      runBootScript(this, { emit: () => {}, steps: [] }),
    )
    if (status === 0) return
    throw new RapidoError('guest', `vm${this.number}: boot.sh failed with status ${status}, after the reset`, {
      hint: stderr,
    })
  }

  /** Powers the guest off, by force if need be; returns when nothing of the VM is left. */
  async stop(options: { patienceMs?: number } = {}): Promise<MachineEnd> {
    const { patienceMs } = options
    await this.machine.stop(patienceMs === undefined ? inOrder(this.plan, this.machine) : { patienceMs })
    return this.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Waits for `work`, at most so long. The error says `what`, such as "boot.sh did not end". */
  async within<T>(what: string, timeoutMs: number | undefined, work: Promise<T>): Promise<T> {
    if (timeoutMs === undefined) return work
    const timer = new AbortController()
    const expired = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
      throw this.timeoutError(what, timeoutMs)
    })
    try {
      return await Promise.race([work, expired])
    } finally {
      timer.abort()
    }
  }

  /** The error for a wait that had no end: it quotes what the console said last. */
  timeoutError(what: string, timeoutMs: number): RapidoError {
    const [last = 'nothing'] = this.machine.console.lastLines(1)
    return new RapidoError(
      'timeout',
      `vm${this.number}: ${what} within ${formatDurationMs(timeoutMs)}; last console line: ${last}`,
      {
        hint: `the whole console is in ${this.consoleLog}`,
      },
    )
  }
}

/** A command as a person would type it. */
export function shown(command: Command): string {
  return typeof command === 'string' ? command : command.join(' ')
}
