import { Readable, Writable } from 'node:stream'

/** Bytes of one output stream that may be on the way unasked; more is granted as they are read. */
const outputWindow = 512 * 1024

/**
 * A command that runs in the guest. Its output waits in the guest until it is read here, as with a pipe; who wants none
 * of it calls `resume()` on the stream.
 */
export class GuestCommand {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit status, 128 + n where signal n ended it. Rejects when the guest or the channel is gone. */
  readonly exit: Promise<number>
  readonly #send: (type: string, payload: Buffer | string) => void
  readonly #inputWindow: number
  readonly #undelivered = { O: 0, E: 0 }
  #onWay = 0 // bytes of standard input that the guest has not taken yet
  #waiting: { chunk: Buffer; done: () => void } | undefined
  #settle!: { resolve(status: number): void; reject(error: Error): void }

  constructor(options: { inputWindow: number; send: (type: string, payload: Buffer | string) => void }) {
    this.#send = options.send
    this.#inputWindow = options.inputWindow
    this.exit = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.exit.catch(() => {}) // whoever waits for it sees it; nobody has to
    this.stdout = this.#output('O')
    this.stderr = this.#output('E')
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#waiting = { chunk, done }
        this.#feed()
      },
      final: (done) => {
        this.#send('C', '')
        done()
      },
    })
    this.stdin.on('error', () => {})
  }

  /** Sends a signal ("INT", "KILL", …) to the command and its children. */
  kill(signal: string): void {
    this.#send('K', signal)
  }

  /** Collects all output and waits for the end. */
  async collect(): Promise<{ status: number; stdout: Buffer; stderr: Buffer }> {
    const [status, stdout, stderr] = await Promise.all([this.exit, all(this.stdout), all(this.stderr)])
    return { status, stdout, stderr }
  }

  /** For the channel: lets the first output come. */
  grantOutput(): void {
    this.#send('G', String(outputWindow))
    this.#send('g', String(outputWindow))
  }

  /** For the channel: a frame for this command. */
  receive(type: string, payload: Buffer): void {
    if (type === 'O' || type === 'E') {
      this.#undelivered[type] += payload.length
      const stream = type === 'O' ? this.stdout : this.stderr
      stream.push(payload)
    } else if (type === 'A') {
      this.#onWay -= Number(payload.toString())
      this.#feed()
    }
  }

  /** For the channel: the command has ended and all its output is here. */
  ended(status: number): void {
    this.#finish()
    this.#settle.resolve(status)
  }

  /** For the channel: the end will never be known. */
  fail(why: Error): void {
    this.#finish()
    this.#settle.reject(why)
  }

  #finish(): void {
    this.stdout.push(null)
    this.stderr.push(null)
    const { done } = this.#waiting ?? {}
    this.#waiting = undefined
    done?.()
    this.stdin.destroy()
  }

  #output(type: 'O' | 'E'): Readable {
    return new Readable({
      highWaterMark: outputWindow,
      // Called when what was pushed has been read below the mark: only then may the guest send more.
      read: () => {
        const bytes = this.#undelivered[type]
        this.#undelivered[type] = 0
        if (bytes > 0) this.#send(type === 'O' ? 'G' : 'g', String(bytes))
      },
    })
  }

  #feed(): void {
    while (this.#waiting && this.#onWay < this.#inputWindow) {
      const { chunk, done } = this.#waiting
      const part = chunk.subarray(0, this.#inputWindow - this.#onWay)
      this.#onWay += part.length
      this.#send('I', part)
      if (part.length < chunk.length) {
        this.#waiting = { chunk: chunk.subarray(part.length), done }
      } else {
        this.#waiting = undefined
        done()
      }
    }
  }
}

async function all(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
