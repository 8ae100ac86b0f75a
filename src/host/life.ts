/**
 * Undo beside do: `life.defer('stop QEMU', () => …)` on the line after the doing. `end()` runs what was deferred, last
 * first; a step that fails never keeps the others from running, and all failures come out together.
 */
export class Life implements AsyncDisposable {
  readonly #undo: { what: string; run: () => unknown }[] = []
  #ended: Promise<void> | undefined

  /** What is deferred when the end has come already is undone at once. */
  defer(what: string, run: () => unknown): void {
    this.#undo.push({ what, run })
    if (!this.#ended) return
    this.#ended = Promise.allSettled([this.#ended]).then(() => this.#runAll())
    this.#ended.catch(() => {}) // whoever calls end() sees it
  }

  /** Ends once, whoever asks; later callers wait for the same end. */
  end(): Promise<void> {
    this.#ended ??= this.#runAll()
    return this.#ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }

  async #runAll(): Promise<void> {
    const failures: Error[] = []
    for (let step = this.#undo.pop(); step; step = this.#undo.pop()) {
      try {
        await step.run()
      } catch (cause) {
        failures.push(new Error(`could not ${step.what}: ${(cause as Error).message}`, { cause }))
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('\n'))
  }
}
