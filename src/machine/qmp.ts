import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { RapidoError } from '../errors.js'
import { decodeQmp, encodeQmp, type QmpMessage } from './qmp-codec.js'

export interface QmpEvent {
  name: string // SHUTDOWN, GUEST_PANICKED, …
  data: Record<string, unknown>
}

/** Somebody who waits for an event. */
interface Watch {
  matches(event: QmpEvent): boolean
  resolve(event: QmpEvent): void
  reject(error: unknown): void
}

const answerMs = 10_000
/** QEMU greets once it has opened what it starts with: a disk on a slow server takes it a while. */
const greetingMs = 30_000

/**
 * A QMP client on a connected stream. Commands sent before the greeting wait for it; all that is pending is rejected
 * when QEMU goes.
 */
export class Qmp {
  readonly #stream: Duplex
  readonly #onEvent: (event: QmpEvent) => void
  readonly #pending = new Map<number, { command: string; resolve(value: unknown): void; reject(error: Error): void }>()
  readonly #watches = new Set<Watch>()
  readonly #ready: Promise<unknown>
  #greeted!: () => void
  #nextId = 1
  #gone = false

  constructor(stream: Duplex, onEvent: (event: QmpEvent) => void) {
    this.#stream = stream
    this.#onEvent = onEvent
    const greeting = new Promise<void>((resolve) => {
      this.#greeted = resolve
    })
    this.#ready = greeting.then(() => this.#send('qmp_capabilities'))
    this.#ready.catch(() => {}) // the first command tells
    const lines = createInterface({ input: stream })
    lines.on('line', (line) => this.#take(line))
    lines.on('error', () => {}) // readline passes on the stream's own
    stream.on('error', () => {}) // 'close' follows
    stream.on('close', () => this.#end())
  }

  /** Runs a QMP command. Throws RapidoError('host') with QEMU's own words, or when it gives no answer in 10 s, no greeting in 30 s. */
  async execute(command: string, args?: Record<string, unknown>): Promise<unknown> {
    const ready = this.#ready.catch(() => {
      throw qemuGone(command)
    })
    await inTime(ready, greetingMs, () => noAnswer(command, greetingMs))
    return this.#send(command, args)
  }

  /** A command of the human monitor; its text is the answer, errors included (HMP has no other way to tell). */
  async monitor(commandLine: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': commandLine }))
  }

  /**
   * Waits for an event, from now on. Throws RapidoError('timeout') with `what` when none that `matches` comes in time;
   * `fail` ends the wait with the error of the command that should have caused it.
   */
  next(
    matches: (event: QmpEvent) => boolean,
    { what, withinMs }: { what: string; withinMs: number },
  ): { seen: Promise<QmpEvent>; fail(error: unknown): void } {
    let watch!: Watch
    const seen = new Promise<QmpEvent>((resolve, reject) => {
      watch = { matches, resolve, reject }
    })
    seen.catch(() => {}) // whoever waits is told
    this.#watches.add(watch)
    const late = () => watch.reject(new RapidoError('timeout', `${what} within ${withinMs / 1000} s`))
    const timer = setTimeout(late, withinMs)
    const over = () => {
      clearTimeout(timer)
      this.#watches.delete(watch)
    }
    void seen.then(over, over)
    return { seen, fail: (error) => watch.reject(error) }
  }

  #send(command: string, args?: Record<string, unknown>): Promise<unknown> {
    if (this.#gone) return Promise.reject(qemuGone(command))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        reject(noAnswer(command, answerMs))
      }, answerMs)
      this.#pending.set(id, {
        command,
        resolve: (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.#stream.write(encodeQmp(id, command, args))
    })
  }

  #take(line: string): void {
    let message: QmpMessage
    try {
      message = decodeQmp(line)
    } catch {
      this.#stream.destroy() // not QMP: whoever waits hears that QEMU is gone
      return
    }
    this.#handle(message)
  }

  #handle(message: QmpMessage): void {
    switch (message.kind) {
      case 'greeting':
        return this.#greeted()
      case 'event':
        for (const watch of this.#watches) if (watch.matches(message)) watch.resolve(message)
        return this.#onEvent(message)
      case 'return':
      case 'error': {
        const waiting = message.id === undefined ? undefined : this.#pending.get(message.id)
        if (!waiting || message.id === undefined) return
        this.#pending.delete(message.id)
        if (message.kind === 'return') waiting.resolve(message.value)
        else waiting.reject(new RapidoError('host', `QEMU refused "${waiting.command}": ${message.message}`))
      }
    }
  }

  #end(): void {
    this.#gone = true
    for (const { command, resolve, reject } of this.#pending.values()) {
      // QEMU may close the socket before it answers "quit": that is success.
      if (command === 'quit') resolve(undefined)
      else reject(qemuGone(command))
    }
    this.#pending.clear()
    for (const { reject } of this.#watches) reject(new QemuGone('what was waited for cannot come'))
    this.#greeted() // whoever waits for it finds us gone
  }
}

/** There is no QEMU any more; how it ended is for its process to say. */
export class QemuGone extends RapidoError {
  constructor(what: string) {
    super('host', `QEMU is gone: ${what}`)
  }
}

async function inTime(work: Promise<unknown>, ms: number, late: () => Error): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  await Promise.race([work, tooLate]).finally(() => clearTimeout(timer))
}

function noAnswer(command: string, ms: number): RapidoError {
  return new RapidoError('host', `QEMU gave no answer to "${command}" within ${ms / 1000} s`)
}

function qemuGone(command: string): QemuGone {
  return new QemuGone(`"${command}" was not answered`)
}
