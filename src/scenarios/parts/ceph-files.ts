import assert from 'node:assert/strict'
import { RapidoError, type Vm } from '../../index.js'

/** What a load of files has done and seen. */
export interface FileLoadResult {
  written: number // files that were written and synced
  failed: number // attempts that were refused, or that hung
  lastProblem: string // what the last one that was refused said; empty: none was
  longestGapMs: number // from one file that was synced to the next one, at most
}

/**
 * Writes one small file after the other into a folder of the guest, each synced before the next one: all of it needs the
 * MDS, and the OSDs.
 */
export class FileLoad {
  readonly #guest: Vm
  readonly #folder: string
  readonly #done: Promise<void>
  readonly #attemptMs: number
  readonly #written: number[] = [] // their names
  #stopping = false
  #result: FileLoadResult = { written: 0, failed: 0, lastProblem: '', longestGapMs: 0 }
  #last = performance.now()

  /** A file that takes longer than `attemptMs` is given up, and counts as refused. */
  constructor(guest: Vm, folder: string, { attemptMs = 120_000 }: { attemptMs?: number } = {}) {
    this.#attemptMs = attemptMs
    this.#guest = guest
    this.#folder = folder
    this.#done = this.#work()
    this.#done.catch(() => {}) // told by whoever stops it
  }

  get sofar(): FileLoadResult {
    return { ...this.#result }
  }

  /** Returns when it has written so many files more than now. */
  async progress(files: number, { timeoutMs }: { timeoutMs: number }): Promise<void> {
    const before = this.#result.written
    const what = `${files} more files in ${this.#folder}`
    const isDone = () => this.#result.written >= before + files
    await this.#guest.waitUntil(isDone, { what, timeoutMs }).catch((error) => {
      if (!(error instanceof RapidoError) || this.#result.lastProblem === '') throw error
      const message = `${error.message}; the last one was refused: ${this.#result.lastProblem}`
      throw new RapidoError(error.code, message, { hint: error.hint, cause: error })
    })
  }

  /** Ends it, and reads all files that were synced: none may be missing, or be anything but what was written. */
  async stop(): Promise<FileLoadResult> {
    this.#stopping = true
    await this.#done
    const names = this.#written.join(' ')
    const check = `cd ${this.#folder} && for n in ${names}; do [[ $(<"$n") == "file $n" ]] || echo "$n"; done`
    const wrong = (await this.#guest.succeed(check, { timeoutMs: 60_000 })).trim()
    assert.equal(wrong, '', `files that were synced, and are not as written: ${wrong.split('\n').join(' ')}`)
    return this.sofar
  }

  async #work(): Promise<void> {
    await this.#guest.succeed(['mkdir', '-p', this.#folder])
    this.#last = performance.now()
    // Never one name twice: a sync that hangs holds its file.
    for (let n = 1; !this.#stopping; n++) {
      const problem = await this.#writeFile(n)
      if (problem !== undefined) {
        this.#result.failed++
        this.#result.lastProblem = problem
        continue
      }
      const now = performance.now()
      this.#written.push(n)
      this.#result.written++
      this.#result.longestGapMs = Math.max(this.#result.longestGapMs, Math.round(now - this.#last))
      this.#last = now
    }
  }

  /** Why the file was not written; undefined: it was. */
  async #writeFile(n: number): Promise<string | undefined> {
    // Of one opening: what a client that was shut out drops is an error to who wrote it, and not to who opens the file then.
    const command = `cd ${this.#folder} && echo "file ${n}" | dd of=${n} conv=fsync status=none`
    try {
      const { status, stderr } = await this.#guest.exec(command, { timeoutMs: this.#attemptMs })
      return status === 0 ? undefined : stderr.trim()
    } catch (error) {
      if (error instanceof RapidoError && error.code === 'timeout') return error.message
      throw error
    }
  }
}
