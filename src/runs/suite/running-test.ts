import { type Incident, IncidentScanner } from '../../machine/incidents.js'
import type { Attempt } from '../../report/suite-result.js'
import type { ResultFile, ResultFolder } from './result-folder.js'
import type { SuiteTest } from './suite.js'
import { newTaint } from './test-watch.js'

export const keptText = 256 * 1024 // of what the suite prints
const keptOutput = 64 * 1024
const keptOfPass = 8 * 1024 // there are many of them, and nobody asks why
const keptLog = 4 * 1024 * 1024 // of the kernel's log, to look for reports in
const maxWarnings = 20

/** A test that runs: what it printed so far, its files, and the time it may take. */
export class RunningTest {
  readonly name: string
  readonly config: string | undefined
  readonly incidents: Incident[] = [] // that the console showed meanwhile
  text = ''
  isCut = false // the beginning of it is lost
  exit: number | undefined
  /** It takes too long: what the guest says to that, once it has. */
  hang: Promise<string> | undefined
  readonly #folder: ResultFolder
  readonly #attempt: number
  readonly #taint: number
  readonly #startedAt = new Date()
  readonly #timer: NodeJS.Timeout
  readonly #files: string[] = []
  #file: ResultFile | undefined
  #kernelLog: IncidentScanner | undefined
  #kernelLogBytes = 0
  readonly #logged: Incident[] = []

  constructor(
    test: SuiteTest,
    options: {
      folder: ResultFolder
      attempt: number
      taint: number // of the kernel when it began
      limitMs: number
      onLimit: (test: RunningTest) => Promise<string>
    },
  ) {
    this.name = test.name
    this.config = test.config
    this.#folder = options.folder
    this.#attempt = options.attempt
    this.#taint = options.taint
    this.#timer = setTimeout(() => {
      this.hang = options.onLimit(this)
      this.hang.catch(() => {}) // told by whoever waits for it
    }, options.limitMs)
  }

  say(text: string): void {
    const all = this.text + text
    this.isCut ||= all.length > keptText
    this.text = all.slice(-keptText)
  }

  /** A file of its results comes. */
  begins(path: string): void {
    this.#closeFile()
    this.#file = this.#folder.file(this, { path, attempt: this.#attempt })
    this.#files.push(this.#file.path)
    this.#kernelLog = path.endsWith('.dmesg') ? new IncidentScanner() : undefined
  }

  write(bytes: Buffer): void {
    this.#file?.write(bytes)
    this.#kernelLogBytes += bytes.length
    if (this.#kernelLog && this.#kernelLogBytes < keptLog) this.#logged.push(...this.#kernelLog.feed(bytes))
  }

  /** Whether a task of the kernel died in it. */
  hasDied(taint: number): boolean {
    return this.newTaint(taint).includes('D')
  }

  newTaint(taint: number): string {
    return newTaint(this.#taint, taint)
  }

  /** Its time is over, however it ended. */
  attempt(ended: Pick<Attempt, 'status' | 'reason' | 'output' | 'subtests' | 'vm'> & { taint?: string }): Attempt {
    this.abandon()
    // Its own kernel log says best what was in it: the console may be late.
    const reports = this.#logged.length > 0 ? this.#logged : this.incidents
    return {
      status: ended.status,
      reason: ended.reason,
      output: lastOf(ended.output, ended.status === 'pass' ? keptOfPass : keptOutput),
      startedAt: this.#startedAt.toISOString(),
      durationMs: Date.now() - this.#startedAt.getTime(),
      vm: ended.vm,
      warnings: [...new Set(survived(reports).map(({ title }) => title))].slice(0, maxWarnings),
      taint: ended.taint ?? '',
      files: this.#files,
      ...(ended.subtests && ended.subtests.length > 0 ? { subtests: ended.subtests } : {}),
    }
  }

  abandon(): void {
    clearTimeout(this.#timer)
    this.#closeFile()
  }

  #closeFile(): void {
    this.#logged.push(...(this.#kernelLog?.end() ?? []))
    this.#kernelLog = undefined
    this.#file?.close()
    this.#file = undefined
  }
}

/** The end of a text, as a copy: a slice of it would keep all of it in memory, for as long as the run lasts. */
function lastOf(text: string, length: number): string {
  return Buffer.from(text.slice(-length)).toString()
}

/** Reports that did not end the guest. */
function survived(reports: readonly Incident[]): Incident[] {
  const causes = reports.map(({ cause }) => cause)
  return reports.filter((report) => report.kind !== 'panic' && !causes.includes(report))
}
