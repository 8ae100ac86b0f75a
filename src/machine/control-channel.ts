import type { Duplex } from 'node:stream'
import { RapidoError } from '../errors.js'
import { encodeFrame, type Frame, FrameReader } from './frames.js'
import { GuestCommand } from './guest-command.js'

/** A command for the guest: found through its PATH, run without a shell. */
export interface CommandRequest {
  argv: string[]
  cwd: string
  env: Record<string, string>
}

/** How a guest can leave: 'quit' does what comes before a power-off, and leaves QEMU's end to the host. */
export const leavings = ['poweroff', 'reboot', 'quit'] as const
export type Leaving = (typeof leavings)[number]

/** What the channel tells, apart from what it was asked. */
export interface ChannelEvents {
  hello(release: string): void
  /** The guest begins to leave. */
  leaving(how: Leaving): void
  /** A guest that was asked to leave by 'quit' has unmounted everything: QEMU may quit. */
  left(): void
  /** Something came from the guest: for the limit on silence. */
  activity(): void
  /** The stream has closed; whoever knows why calls close(). */
  lost(): void
}

/**
 * The host's end of the control channel: commands, files and signals for the agent in the guest (src/guest/agent).
 * Everything pending is rejected once the channel closes.
 */
export class ControlChannel {
  readonly #stream: Duplex
  readonly #events: ChannelEvents
  readonly #inputWindow: number
  #reader = newReader()
  readonly #commands = new Map<number, GuestCommand>()
  readonly #writes = new Map<number, { resolve(): void; reject(error: Error): void }>()
  #nextId = 1
  #closed: Error | undefined

  /** `inputWindow`: bytes of standard input a command may have on the way; a serial line loses more than it can hold. */
  constructor(stream: Duplex, { inputWindow, events }: { inputWindow: number; events: ChannelEvents }) {
    this.#stream = stream
    this.#events = events
    this.#inputWindow = inputWindow
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('error', () => {}) // 'close' follows
    stream.on('close', () => events.lost())
  }

  run(request: CommandRequest): GuestCommand {
    const id = this.#nextId++
    const command = new GuestCommand({
      inputWindow: this.#inputWindow,
      send: (type, payload) => this.#send(type, id, payload),
    })
    if (this.#closed) {
      command.fail(this.#closed)
      return command
    }
    this.#commands.set(id, command)
    const environment = Object.entries(request.env).map(([name, value]) => `${name}=${value}`)
    const fields = [request.cwd, ...environment, '', ...request.argv]
    this.#send('R', id, fields.map((field) => `${field}\0`).join(''))
    command.grantOutput()
    return command
  }

  /** Writes a file in the guest, folders made. Without a mode the file must exist: one of /proc or /sys. */
  async writeFile(path: string, content: Buffer | string, mode?: number): Promise<void> {
    if (this.#closed) throw this.#closed
    const id = this.#nextId++
    const done = new Promise<void>((resolve, reject) => this.#writes.set(id, { resolve, reject }))
    const head = Buffer.from(`${path}\0${mode === undefined ? '' : mode.toString(8)}\0`)
    this.#send('F', id, Buffer.concat([head, Buffer.from(content)]))
    await done
  }

  setWindowSize(size: { rows: number; columns: number }): void {
    this.#send('S', 0, `${size.rows} ${size.columns}`)
  }

  /** Tells a guest that was restored what time it is, and gives it randomness of its own; it says hello again. */
  wake(now: Date, seed: Buffer): void {
    const ms = now.getTime()
    const time = `${Math.floor(ms / 1000)} ${(ms % 1000) * 1e6} `
    this.#send('W', 0, Buffer.concat([Buffer.from(time), seed]))
  }

  leave(how: Leaving): void {
    this.#send('Q', 0, how)
  }

  /** Ends everything that is pending with `why`. */
  close(why: Error): void {
    if (this.#closed) return
    this.#closed = why
    this.#fail(why)
    this.#stream.destroy()
  }

  /** The guest begins anew: what is pending ends with `why`, and the next thing that counts is its hello. */
  restart(why: Error): void {
    this.#fail(why)
    this.#reader = newReader()
  }

  #fail(why: Error): void {
    for (const command of this.#commands.values()) command.fail(why)
    for (const write of this.#writes.values()) write.reject(why)
    this.#commands.clear()
    this.#writes.clear()
  }

  #send(type: string, id: number, payload: Buffer | string): void {
    if (!this.#closed) this.#stream.write(encodeFrame(type, id, payload))
  }

  #receive(chunk: Buffer): void {
    this.#events.activity()
    let frames: Frame[]
    try {
      frames = this.#reader.push(chunk)
    } catch (cause) {
      this.close(new RapidoError('guest', 'the guest sent junk over the control channel', { cause }))
      return
    }
    for (const frame of frames) this.#handle(frame)
  }

  #handle({ type, id, payload }: Frame): void {
    const command = this.#commands.get(id)
    switch (type) {
      case 'H':
        return this.#events.hello(payload.toString())
      case 'P':
        return this.#events.leaving(leavings.find((how) => how === payload.toString()) ?? 'poweroff')
      case 'D':
        return this.#events.left()
      case 'F': {
        const write = this.#writes.get(id)
        this.#writes.delete(id)
        if (payload.length === 0) write?.resolve()
        else write?.reject(new RapidoError('guest', `the guest cannot write ${payload}`))
        return
      }
      case 'X':
        this.#commands.delete(id)
        return command?.ended(Number(payload.toString()))
      default:
        command?.receive(type, payload)
    }
  }
}

/** What comes before the agent's first word is none of the channel's. */
function newReader(): FrameReader {
  return new FrameReader('RAPIDO1\n')
}
