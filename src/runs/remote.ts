import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type ErrorCode, RapidoError } from '../errors.js'
import type { WindowSize } from '../host/pty-process.js'
import { writeAll } from '../host/write-all.js'
import type { FaultTarget } from '../machine/faults.js'
import { encodeFrame, FrameReader } from '../machine/frames.js'
import { vmFiles } from '../plan/state-files.js'
import type { Request } from './serve.js'
import type { VmInfo } from './vm-info.js'

/** The VM that another rapido supervises. */
export class RemoteVm {
  readonly info: VmInfo
  readonly #path: string

  constructor(stateDir: string, info: VmInfo) {
    this.info = info
    this.#path = vmFiles(stateDir, info.number).serveSocket
  }

  /**
   * Runs a command in the guest on the given streams and returns its status; without `cwd` where the profile says.
   * `signals` are passed on to it.
   */
  async exec(
    command: { argv: string[]; cwd?: string; env?: Record<string, string> },
    streams: { stdin?: Readable | undefined; stdout: Writable; stderr: Writable; signals?: AbortSignal },
  ): Promise<number> {
    const { argv, cwd, env = {} } = command
    const socket = await this.#ask({ verb: 'exec', argv, env, ...(cwd === undefined ? {} : { cwd }) })
    streams.signals?.addEventListener('abort', () => socket.write(encodeFrame('K', 0, 'INT')))
    const input = new InputWindow()
    if (streams.stdin) void feed(streams.stdin, socket, input)
    else socket.write(encodeFrame('C', 0))
    const result = await this.#conversation(socket, { ...streams, onTaken: (bytes) => input.taken(bytes) })
    return Number(result.toString())
  }

  /** What a short command in the guest prints, whatever its status. Throws RapidoError('timeout') if it takes longer. */
  async output(argv: string[], options: { timeoutMs: number }): Promise<string> {
    const socket = await this.#ask({ verb: 'exec', argv, cwd: '/', env: {} })
    socket.write(encodeFrame('C', 0))
    const late = new RapidoError('timeout', `vm${this.info.number}: no answer to ${argv.join(' ')}`, {
      hint: `is the guest alive? rapido console ${this.info.number}`,
    })
    const timer = setTimeout(() => socket.destroy(late), options.timeoutMs)
    let text = ''
    try {
      await this.#conversation(socket, {
        onOutput: (chunk) => {
          text += chunk
        },
      })
      return text
    } finally {
      clearTimeout(timer)
    }
  }

  /** Attaches to the console until one end closes. What was said last comes first. */
  async console(terminal: {
    size: WindowSize
    onOutput(chunk: Buffer): void
  }): Promise<{ write(data: Buffer): void; resize(size: WindowSize): void; detach(): void; ended: Promise<void> }> {
    const socket = await this.#ask({ verb: 'console' })
    const reader = new FrameReader()
    socket.on('data', (chunk: Buffer) => {
      for (const { payload } of reader.push(chunk)) terminal.onOutput(payload)
    })
    const resize = (size: WindowSize) => void socket.write(encodeFrame('S', 0, JSON.stringify(size)))
    resize(terminal.size)
    return {
      write: (data) => void socket.write(encodeFrame('I', 0, data)),
      resize,
      detach: () => void socket.end(),
      ended: new Promise((resolve) => socket.once('close', () => resolve())),
    }
  }

  /** A command of QEMU's human monitor; the answer's text. */
  async monitor(commandLine: string): Promise<string> {
    let text = ''
    const socket = await this.#ask({ verb: 'monitor', commandLine })
    await this.#conversation(socket, {
      onOutput: (chunk) => {
        text += chunk
      },
    })
    return text
  }

  /** Does a fault, as Vm.fault. */
  async fault(fault: string, options: Record<string, unknown>): Promise<void> {
    await this.#conversation(await this.#ask({ verb: 'fault', fault, options }), {})
  }

  /** What faults can be done to. */
  async faultTargets(): Promise<FaultTarget[]> {
    let text = ''
    await this.#conversation(await this.#ask({ verb: 'fault-targets' }), {
      onOutput: (chunk) => {
        text += chunk
      },
    })
    return JSON.parse(text)
  }

  /** Returns when the VM and everything of it is gone. */
  async stop(): Promise<void> {
    await this.#conversation(await this.#ask({ verb: 'stop' }), {})
    const { pid } = this.info
    for (let tries = 0; tries < 100 && isRunning(pid); tries++) await delay(20) // its supervisor has a last word to say
  }

  async #ask(request: Request): Promise<Socket> {
    const socket = connect(this.#path)
    try {
      await once(socket, 'connect')
    } catch (cause) {
      throw new RapidoError('host', `vm${this.info.number} does not answer at ${this.#path}`, { cause })
    }
    socket.on('error', () => {}) // 'close' follows
    socket.write(encodeFrame('J', 0, JSON.stringify(request)))
    return socket
  }

  /** Reads to the end: output goes to where it belongs, the last frame is the result or the error. */
  async #conversation(
    socket: Socket,
    to: { stdout?: Writable; stderr?: Writable; onOutput?(chunk: Buffer): void; onTaken?(bytes: number): void },
  ): Promise<Buffer> {
    const reader = new FrameReader()
    let lost: unknown
    try {
      for await (const chunk of socket) {
        for (const { type, payload } of reader.push(chunk)) {
          if (type === 'X') return payload
          if (type === '!') throw remoteError(payload)
          if (type === 'A') to.onTaken?.(Number(payload))
          const stream = { O: to.stdout, E: to.stderr }[type]
          if (stream) await writeAll(stream, payload)
          if (type === 'O') to.onOutput?.(payload)
        }
      }
    } catch (error) {
      if (error instanceof RapidoError) throw error
      lost = error
    }
    throw new RapidoError('guest', `vm${this.info.number} went away`, { cause: lost })
  }
}

/** How much input may be on its way that the guest's command has not taken. */
const inputWindow = 256 * 1024

class InputWindow {
  #left = inputWindow
  #wake = () => {}

  taken(bytes: number): void {
    this.#left += bytes
    this.#wake()
  }

  /** Returns when it may be sent. */
  async room(bytes: number): Promise<void> {
    while (this.#left <= 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#left -= bytes
  }
}

async function feed(stdin: Readable, socket: Socket, input: InputWindow): Promise<void> {
  socket.once('close', () => stdin.destroy()) // a command that has ended reads no more, and neither do we
  try {
    for await (const chunk of stdin) {
      await input.room(chunk.length)
      await writeAll(socket, encodeFrame('I', 0, chunk))
    }
    socket.write(encodeFrame('C', 0))
  } catch {} // destroyed, as above
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function remoteError(payload: Buffer): RapidoError {
  const { code, message, hint } = JSON.parse(payload.toString()) as { code: ErrorCode; message: string; hint?: string }
  return new RapidoError(code, message, { hint })
}
