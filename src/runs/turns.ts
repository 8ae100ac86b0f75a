import { EventEmitter, once } from 'node:events'

/** Lets so many do a thing at once; others wait until one has done it. */
export class Turns {
  readonly #atOnce: number
  readonly #ends = new EventEmitter().setMaxListeners(0)
  #taken = 0

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Waits for a turn, first come, first served; what it returns ends it. Rejects with the reason of `signal`, aborted. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    while (this.#taken === this.#atOnce) await once(this.#ends, 'end', { signal }).catch(() => signal.throwIfAborted())
    this.#taken++
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#taken--
      this.#ends.emit('end')
    }
  }
}
