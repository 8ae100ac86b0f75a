import { StringDecoder } from 'node:string_decoder'

/** What src/guest/suite-run tells, in its order. */
export type SuiteEvent =
  | { type: 'text'; text: string } // what the suite printed
  | { type: 'start'; test: string; taint: number }
  | { type: 'file'; path: string; size: number } // bytes follow, fewer than `size` where that is too much
  | { type: 'bytes'; bytes: Buffer } // of that file
  | { type: 'exit'; status: number } // of the test that ran
  | { type: 'end'; status: number; taint: number }

/**
 * Takes the output of suite-run apart: what the suite prints, and lines for us in between. Pure and streaming. What
 * begins like a line for us and is none is text.
 */
export class SuiteFrames {
  readonly #mark: Buffer
  readonly #decoder = new StringDecoder() // a chunk may cut a character
  #rest: Buffer = Buffer.alloc(0)
  #fileLeft = 0

  constructor(token: string) {
    this.#mark = Buffer.from(`\x1e${token} `)
  }

  *feed(chunk: Buffer): Generator<SuiteEvent> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      if (this.#rest.length === 0) return
      if (this.#fileLeft > 0) {
        const bytes = this.#take(Math.min(this.#fileLeft, this.#rest.length))
        this.#fileLeft -= bytes.length
        yield { type: 'bytes', bytes }
        continue
      }
      const at = this.#rest.indexOf(this.#mark)
      if (at !== 0) {
        const text = this.#take(at > 0 ? at : this.#rest.length - this.#heldBack())
        if (text.length > 0) yield { type: 'text', text: this.#decoder.write(text) }
        if (at < 0) return
        continue
      }
      const end = this.#rest.indexOf('\n')
      if (end < 0) return
      const event = readLine(
        this.#take(end + 1)
          .subarray(this.#mark.length, -1)
          .toString(),
      )
      if (event.type === 'file') this.#fileLeft = event.bytes
      yield event.type === 'file' ? { type: 'file', path: event.path, size: event.size } : event
    }
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }

  /** Bytes at the end that may be the beginning of a mark. */
  #heldBack(): number {
    const from = this.#rest.lastIndexOf(0x1e)
    if (from < 0) return 0
    const tail = this.#rest.subarray(from)
    return tail.length < this.#mark.length && this.#mark.subarray(0, tail.length).equals(tail) ? tail.length : 0
  }
}

function readLine(line: string): LineEvent | { type: 'file'; path: string; size: number; bytes: number } {
  const [, word, rest] = /^(\w+) (.*)$/s.exec(line) ?? []
  const [, first = '', second = '', path = ''] = /^(\S+) ?(\S*) ?(.*)$/s.exec(rest ?? '') ?? []
  switch (word) {
    case 'start':
      return { type: 'start', taint: Number(first), test: second }
    case 'file':
      return { type: 'file', bytes: Number(first), size: Number(second), path }
    case 'exit':
      return { type: 'exit', status: Number(first) }
    case 'end':
      return { type: 'end', status: Number(first), taint: Number(second) }
    default:
      return { type: 'text', text: `${line}\n` }
  }
}

type LineEvent = Exclude<SuiteEvent, { type: 'file' }>
