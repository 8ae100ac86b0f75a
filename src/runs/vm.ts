import { setTimeout as delay } from 'node:timers/promises'
import { formatDurationMs } from '../config/units.js'
import { RapidoError } from '../errors.js'
import type { WindowSize } from '../host/pty-process.js'
import type { MachineEnd } from '../machine/end.js'
import type { GuestCommand } from '../machine/guest-command.js'
import type { Machine } from '../machine/machine.js'
import type { RunPlan } from './plan-run.js'

/** A shell line, or an argv that no shell sees. */
export type Command = string | string[]

export interface ExecResult {
  status: number
  stdout: string
  stderr: string
}

/** How long each of the guest's two chances to power off lasts, with a guest that answers. */
export const patienceMs = 5000

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
  /** The machine has ended and nothing of it is left on the host. */
  readonly closed: Promise<MachineEnd>
  readonly #env: Record<string, string>

  constructor(parts: {
    number: number
    plan: RunPlan
    machine: Machine
    kernelRelease: string
    consoleLog: string
    env: Record<string, string>
    closed: Promise<MachineEnd>
  }) {
    this.number = parts.number
    this.plan = parts.plan
    this.machine = parts.machine
    this.kernelRelease = parts.kernelRelease
    this.consoleLog = parts.consoleLog
    this.closed = parts.closed
    this.#env = parts.env
  }

  /** Starts a command in the guest: its streams are binary-safe and apart, `exit` is its status. */
  start(command: Command, options: { env?: Record<string, string>; cwd?: string } = {}): GuestCommand {
    return this.machine.channel.run({
      argv: typeof command === 'string' ? ['bash', '-c', command] : command,
      cwd: options.cwd ?? '/root',
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

  /**
   * Repeats a command in the guest, or a condition here, until it succeeds. Throws RapidoError('timeout') that says
   * what it waited for and what the console said last.
   */
  async waitFor(
    what: Command | (() => boolean | Promise<boolean>),
    options: { timeoutMs: number; intervalMs?: number },
  ): Promise<void> {
    const deadline = Date.now() + options.timeoutMs
    const holds =
      typeof what === 'function'
        ? what
        : async () => (await this.exec(what, { timeoutMs: Math.max(1, deadline - Date.now()) })).status === 0
    while (!(await holds())) {
      if (this.machine.end) throw new RapidoError('guest', `vm${this.number} is gone`)
      if (Date.now() > deadline) {
        const condition = typeof what === 'function' ? 'the condition' : shown(what)
        throw this.timeoutError(`${condition} did not come true`, options.timeoutMs)
      }
      await delay(options.intervalMs ?? 100)
    }
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

  /** Powers the guest off, by force if need be; returns when nothing of the VM is left. */
  async stop(options: { patienceMs?: number } = {}): Promise<MachineEnd> {
    await this.machine.stop({ patienceMs: options.patienceMs ?? patienceMs })
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
