import type { Writable } from 'node:stream'

/** Passes lines on with something before each; a line that is not complete waits for its end. */
export class LinePrefix {
  readonly #prefix: string
  readonly #to: Writable
  #rest = Buffer.alloc(0)

  constructor(prefix: string, to: Writable) {
    this.#prefix = prefix
    this.#to = to
  }

  write(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (let end = this.#rest.indexOf('\n'); end >= 0; end = this.#rest.indexOf('\n')) {
      this.#to.write(Buffer.concat([Buffer.from(this.#prefix), this.#rest.subarray(0, end + 1)]))
      this.#rest = this.#rest.subarray(end + 1)
    }
  }

  end(): void {
    if (this.#rest.length > 0) this.write(Buffer.from('\n'))
  }
}
