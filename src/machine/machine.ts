import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../errors.js'
import { untilGiven } from '../host/cpu-wait.js'
import { Life } from '../host/life.js'
import { type PtyProcess, startOnPty, type WindowSize } from '../host/pty-process.js'
import type { MachinePlan } from '../plan/machine.js'
import { qemuArgs } from '../plan/qemu-args.js'
import type { VmFiles } from '../plan/state-files.js'
import { Console } from './console.js'
import { ControlChannel, type Leaving } from './control-channel.js'
import { describeEnd, type MachineEnd, machineEnd } from './end.js'
import { Faults } from './faults.js'
import { type Incident, IncidentScanner } from './incidents.js'
import { Qmp, type QmpEvent } from './qmp.js'
import { socketFromQemu } from './socket-from-qemu.js'

export interface MachineEvents {
  /** The kernel reported something; its lines go on growing for a moment. */
  incident(incident: Incident): void
  /** The guest said something, on the console or over the channel. */
  activity(): void
}

/** A serial line has no flow control here: what may be on the way must fit the guest's tty buffers. */
const inputWindow = { virtio: 256 * 1024, serial: 8 * 1024 } as const

/** From the start of QEMU until it has opened its sockets, which it does before anything slow. */
const connectMs = 30_000

/** What QEMU gets to quit, before it is killed. */
const quitMs = 5000

/** What a guest that has closed its channel gets to end. */
const exitMs = 2000

/** Starts QEMU for a plan and connects to it. Throws RapidoError('host') with QEMU's words if it ends at once. */
export async function startMachine(
  plan: MachinePlan,
  options: {
    files: VmFiles
    consoleLog: string
    size: WindowSize
    env?: NodeJS.ProcessEnv
    enter?: string[] // the command that runs QEMU in the namespaces of its network
    events: MachineEvents
  },
): Promise<Machine> {
  const { files } = options
  const life = new Life()
  try {
    const qmpSocket = await socketFromQemu(files.qmpSocket)
    life.defer('stop listening for QMP', qmpSocket.close)
    const controlSocket = await socketFromQemu(files.controlSocket)
    life.defer('stop listening for the control channel', controlSocket.close)

    const process = await startOnPty(plan.qemu, qemuArgs(plan), {
      cwd: files.folder,
      errorsTo: files.qemuErrors,
      size: options.size,
      env: options.env,
      enter: options.enter,
    })
    life.defer('kill QEMU', () => process.kill('SIGKILL'))
    const connected = Promise.all([qmpSocket.connection, controlSocket.connection])
    const late = delay(connectMs, undefined, { ref: false }).then(() => {
      throw new RapidoError('host', `QEMU did not connect to its sockets within ${connectMs / 1000} s`)
    })
    const sockets = await Promise.race([connected, process.ended, late])
    if (!Array.isArray(sockets)) throw await endedAtOnce(plan, files, sockets.status)

    return new Machine(plan, { ...options, process, qmpStream: sockets[0], controlStream: sockets[1] })
  } catch (error) {
    await life.end()
    throw error
  }
}

async function endedAtOnce(plan: MachinePlan, files: VmFiles, status: number | undefined): Promise<RapidoError> {
  const errors = (await readFile(files.qemuErrors, 'utf8').catch(() => '')).trim()
  const what = errors === '' ? `it ended with status ${status} and said nothing` : errors
  return new RapidoError('host', `QEMU did not start: ${what}`, {
    hint: `the command was: ${[plan.qemu, ...qemuArgs(plan)].join(' ')}`,
  })
}

/** A QEMU that runs, with its console, its QMP and the guest's control channel. */
export class Machine {
  readonly plan: MachinePlan
  readonly pid: number
  readonly console: Console
  readonly qmp: Qmp
  readonly channel: ControlChannel
  readonly faults: Faults
  readonly ended: Promise<MachineEnd>
  readonly incidents: Incident[] = []
  readonly #process: PtyProcess
  readonly #scanner = new IncidentScanner()
  readonly #qmpEvents: QmpEvent[] = []
  #hello: Promise<string>
  #greet!: (release: string) => void
  #leaving: Leaving | undefined
  #end: MachineEnd | undefined
  #channelOpen = false
  #isResetting = false
  #wasReset = false
  #isEndWanted = false

  constructor(
    plan: MachinePlan,
    parts: {
      files: VmFiles
      consoleLog: string
      process: PtyProcess
      qmpStream: ConstructorParameters<typeof Qmp>[0]
      controlStream: ConstructorParameters<typeof ControlChannel>[0]
      events: MachineEvents
    },
  ) {
    this.plan = plan
    this.pid = parts.process.pid
    this.#process = parts.process
    this.console = new Console(parts.process, parts.consoleLog)
    this.console.listen((chunk) => {
      parts.events.activity()
      this.#report(this.#scanner.feed(chunk), parts.events)
    })
    this.qmp = new Qmp(parts.qmpStream, (event) => this.#onQmpEvent(event))
    parts.qmpStream.once('close', () => parts.process.drain())
    this.faults = new Faults(plan, this.qmp)
    this.ended = this.#waitForEnd(parts.files, parts.events)
    this.#hello = this.#awaitHello()
    this.channel = new ControlChannel(parts.controlStream, {
      inputWindow: inputWindow[plan.channel.kind],
      events: {
        hello: (release) => {
          this.#channelOpen = true
          this.#endReset()
          this.#greet(release)
        },
        leaving: (how) => {
          this.#leaving = how
        },
        left: () => void this.qmp.execute('quit').catch(() => {}), // or else stop() goes on
        activity: parts.events.activity,
        lost: () => this.#onChannelLost('the control channel of the guest closed'),
      },
    })
  }

  /** The kernel release that the guest said hello with. Rejects with the end of the machine, should that come first. */
  get hello(): Promise<string> {
    return this.#hello
  }

  /** Whether its guest has its state from a snapshot: what a snapshot is made without, it has to look for. */
  get isRestored(): boolean {
    return this.plan.memoryFile?.use === 'restore' && !this.#wasReset
  }

  /** Whether its end is one that somebody here wanted. */
  get isEndWanted(): boolean {
    return this.#isEndWanted
  }

  /** What the guest announced before it left: tells a wanted reboot from a crash. */
  get leaving(): Leaving | undefined {
    return this.#leaving
  }

  get end(): MachineEnd | undefined {
    return this.#end
  }

  /**
   * Ends the machine, gently first: the guest is asked over the control channel, then by ACPI; then QEMU is told to
   * quit, terminated, killed. `how` is what the guest is asked to do: to leave by 'quit' is enough where there is no
   * hardware but QEMU's own. `patienceMs` is for each of the guest's two steps; one that has said that it leaves gets
   * `flushMs` more, to write what it has; for both, what it waits for a CPU of a busy host is not counted. Returns when QEMU
   * is gone.
   */
  async stop(options: { patienceMs: number; flushMs?: number; how?: 'poweroff' | 'quit' }): Promise<MachineEnd> {
    const { patienceMs, flushMs = 0, how = 'poweroff' } = options
    this.#isEndWanted = true
    const steps: { try?: () => unknown; waitMs: number | (() => number); isOfGuest?: boolean }[] = [
      { try: () => this.qmp.execute('system_powerdown'), waitMs: Math.min(patienceMs, 1000) },
      { try: () => this.qmp.execute('quit'), waitMs: 2000 },
      { try: () => this.#process.kill('SIGTERM'), waitMs: 1000 },
      { try: () => this.#process.kill('SIGKILL'), waitMs: 5000 },
    ]
    if (this.#channelOpen) {
      const flush = { waitMs: () => (this.#leaving === undefined ? 0 : flushMs), isOfGuest: true }
      steps.unshift({ try: () => this.channel.leave(how), waitMs: patienceMs, isOfGuest: true }, flush)
    }
    for (const step of steps) {
      if (this.#end) return this.#end
      // A step that fails, because QEMU is hung or gone, is followed by the next one all the same.
      Promise.resolve(step.try?.()).catch(() => {})
      const timer = new AbortController()
      const waitMs = typeof step.waitMs === 'number' ? step.waitMs : step.waitMs()
      const { signal } = timer
      const passed = step.isOfGuest
        ? untilGiven(waitMs, { pid: this.pid, signal })
        : delay(waitMs, undefined, { signal })
      await Promise.race([this.ended, passed.catch(() => {})])
      timer.abort()
    }
    if (this.#end) return this.#end
    throw new RapidoError('host', `QEMU (pid ${this.pid}) does not die of SIGKILL`, {
      hint: 'it hangs in the kernel of this host: look at /proc/PID/stack',
    })
  }

  /**
   * Presses the reset button. What runs in the guest fails; `hello` is its next one then. -no-reboot makes a reset an
   * end, and so it is not in force until then: SeaBIOS answers a reset with another one.
   */
  async reset(): Promise<void> {
    await this.qmp.execute('set-action', { reboot: 'reset' })
    this.#isResetting = true
    this.#hello = this.#awaitHello()
    const reset = this.qmp.next(({ name }) => name === 'RESET', { what: 'QEMU did not reset the VM', withinMs: 10_000 })
    try {
      await Promise.all([this.qmp.execute('system_reset').catch(reset.fail), reset.seen])
    } catch (error) {
      this.#endReset()
      throw error
    }
    this.#wasReset = true
    this.channel.restart(new RapidoError('guest', 'the guest was reset'))
  }

  /** From now on a guest that reboots ends: one that is up again, or that panics on its way there. */
  #endReset(): void {
    if (!this.#isResetting) return
    this.#isResetting = false
    this.qmp.execute('set-action', { reboot: 'shutdown' }).catch(() => {}) // QEMU is gone: so is the guest
  }

  /** Ends the machine at once: nothing is flushed, nobody is asked. */
  async powerCut(): Promise<MachineEnd> {
    this.#isEndWanted = true
    const timer = setTimeout(() => this.kill(), quitMs)
    await this.qmp.execute('quit')
    return this.ended.finally(() => clearTimeout(timer))
  }

  /** Kills QEMU at once. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #awaitHello(): Promise<string> {
    const hello = new Promise<string>((resolve, reject) => {
      this.#greet = resolve
      void this.ended.then((end) => reject(endedTooEarly(end)))
    })
    hello.catch(() => {}) // told by whoever waits for it
    return hello
  }

  #onQmpEvent(event: QmpEvent): void {
    this.#qmpEvents.push(event)
    if (event.name === 'GUEST_PANICKED') this.#endReset()
    if (event.name === 'VSERPORT_CHANGE' && event.data.id === 'control' && event.data.open === false) {
      this.#channelOpen = false
      if (this.#leaving === undefined && !this.#isResetting)
        this.#onChannelLost('the guest closed its control channel: its agent is dead')
    }
  }

  /** A channel closes when the guest ends, too: how that was says more, and is known in a moment. */
  #onChannelLost(what: string): void {
    setTimeout(() => this.channel.close(new RapidoError('guest', what)), exitMs).unref()
  }

  #report(incidents: Incident[], events: MachineEvents): void {
    this.incidents.push(...incidents)
    for (const incident of incidents) events.incident(incident)
  }

  async #waitForEnd(files: VmFiles, events: MachineEvents): Promise<MachineEnd> {
    const process = await this.#process.ended
    this.#report(this.#scanner.end(), events)
    await this.console.close()
    const end = machineEnd({
      events: this.#qmpEvents,
      panicOnConsole: this.incidents.some(({ kind }) => kind === 'panic'),
      process,
      errors: await readFile(files.qemuErrors, 'utf8').catch(() => ''),
    })
    this.#end = end
    // The agent announces every end that it knows of; without it, init powers off.
    const unannounced = end.kind === 'powered-off' && this.#leaving === undefined
    const how = unannounced ? `${describeEnd(end)} unannounced: its control agent has died` : describeEnd(end)
    this.channel.close(new RapidoError(this.#isEndWanted ? 'guest' : errorCode(end), how))
    return end
  }
}

/** The error for whoever waited for a guest that never got ready. */
export function endedTooEarly(end: MachineEnd): RapidoError {
  return new RapidoError(errorCode(end), `${describeEnd(end)} before the guest was ready`)
}

/** The error for whoever needed a machine that ended in the middle of it. */
export function endedUnexpectedly(end: MachineEnd): RapidoError {
  return new RapidoError(errorCode(end), describeEnd(end))
}

/** What an unexpected end means for whoever waited for something else. */
function errorCode(end: MachineEnd): 'crash' | 'host' | 'guest' | 'interrupted' {
  switch (end.kind) {
    case 'panicked':
      return 'crash'
    case 'killed':
    case 'failed':
      return 'host'
    case 'quit':
      return 'interrupted'
    case 'powered-off':
    case 'rebooted':
      return 'guest'
  }
}
