/** The time in which no test runs, though a program is to run some: it has an end, too. */
export class BetweenTests {
  /** It takes too long: what the guest says to that, once it has. */
  stuck: Promise<string> | undefined
  readonly #limitMs: number
  readonly #onLimit: () => Promise<string>
  #timer: NodeJS.Timeout | undefined

  /** Begins at once. */
  constructor(limitMs: number, onLimit: () => Promise<string>) {
    this.#limitMs = limitMs
    this.#onLimit = onLimit
    this.resume()
  }

  resume(): void {
    this.pause()
    this.#timer = setTimeout(() => {
      this.stuck = this.#onLimit()
      this.stuck.catch(() => {}) // told by whoever waits for it
    }, this.#limitMs)
  }

  pause(): void {
    clearTimeout(this.#timer)
  }
}
