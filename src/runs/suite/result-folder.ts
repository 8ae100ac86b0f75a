import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { RapidoError } from '../../errors.js'
import { type HeldFolder, holdFolder } from '../../host/hold.js'
import type { Incident } from '../../machine/incidents.js'
import type { Attempt } from '../../report/suite-result.js'
import type { SuiteTest } from './suite.js'

/** What was asked of a run: run.json, written before anything runs. Everything that --resume has to know. */
export interface RunRecord {
  schemaVersion: 1
  suite: string
  profile: string
  words: string[] // arguments of the command, for the planner
  sets: string[] // --set
  options: RunOptions
  configFile: string | undefined
  seed: number
  kernel: string // release
  startedAt: string // ISO 8601
  shard: string | undefined
  tests: SuiteTest[]
  notes: string[]
}

/** How a run goes about its tests. */
export interface RunOptions {
  vms: number // at once
  maxCrashes: number
  rerunFailed: number // how often a test that failed runs again
  untilFail: boolean // all of it again and again, until a test fails or the time is over
  strict: boolean
  testTimeoutMs?: number | undefined // else that of the suite
  timeoutMs?: number | undefined // for all of it
}

/** A line of results.jsonl: one time that a test ran. */
export interface AttemptRecord extends Attempt {
  name: string
  config: string | undefined
}

/** What is known of a VM of a run: a line of vms.jsonl, the last one with its number. */
export interface MachineRecord {
  vm: number // 1 for the first of the run
  consoleLog: string // in the result folder, once it has ended
  end: string // why it ended; empty before that
  incidents: Incident[] // kernel reports outside of any test
}

/** What a run that was cut short has come to. */
export interface EarlierPart {
  attempts: AttemptRecord[]
  machines: MachineRecord[]
}

/** A file of a test's results that is being written. */
export interface ResultFile {
  path: string // in the result folder
  write(bytes: Buffer): void
  close(): void
}

/**
 * The folder with the results of a run, which grows with each test: docs/state-files.md shows the tree. Nothing counts
 * as finished before it is on the disk. Errors of the disk are RapidoErrors, 'host'.
 */
export class ResultFolder {
  readonly path: string
  readonly #held: HeldFolder

  private constructor(path: string, held: HeldFolder) {
    this.path = path
    this.#held = held
  }

  /** Makes the folder of a new run. Throws RapidoError('usage') where there are results already. */
  static async create(path: string, run: RunRecord): Promise<ResultFolder> {
    if (existsSync(files.run(path))) {
      throw new RapidoError('usage', `${path} holds the results of another run`, {
        hint: `--resume ${path} goes on with it; else choose another folder with --results`,
      })
    }
    const folder = new ResultFolder(path, await held(path))
    await folder.#guarded(() => {
      removeReports(path) // of results that were joined here, say
      writeFileSync(files.attempts(path), '')
      writeFileSync(files.machines(path), '')
      // The last and whole, or not at all: where it is, there is a run to go on with.
      writeFileSync(`${files.run(path)}.new`, `${JSON.stringify(run, null, 2)}\n`)
      renameSync(`${files.run(path)}.new`, files.run(path))
    })
    return folder
  }

  /**
   * Opens the folder of a run that was cut short. What of its last test is half there is removed, and the reports of an end
   * that was none.
   */
  static async resume(path: string): Promise<EarlierPart & { folder: ResultFolder }> {
    const folder = new ResultFolder(path, await held(path))
    const earlier = await folder.#guarded(() => {
      const attempts = readLines<AttemptRecord>(files.attempts(path))
      const machines = readLines<MachineRecord>(files.machines(path))
      cutAt(files.attempts(path), attempts.bytes)
      cutAt(files.machines(path), machines.bytes)
      removeReports(path)
      return { attempts: attempts.records, machines: lastOfEach(machines.records) }
    })
    return { folder, ...earlier }
  }

  /** A file of results of a test, as suite-run names it; of the first attempt without a number. */
  file(test: SuiteTest, { path, attempt }: { path: string; attempt: number }): ResultFile {
    const name = resultPath(test, { path, attempt })
    return this.#guardedNow(() => {
      const absolute = join(this.path, name)
      mkdirSync(dirname(absolute), { recursive: true })
      const fd = openSync(absolute, 'w', 0o644)
      return {
        path: name,
        write: (bytes) => this.#guardedNow(() => writeWhole(fd, bytes)),
        close: () => closeSync(fd),
      }
    })
  }

  /** Takes down what became of a test; it is on the disk when this returns. */
  record(record: AttemptRecord): void {
    this.#append(files.attempts(this.path), record)
  }

  /** Takes down what is known of a VM by now; the last word on it counts. A disk that is full loses it, not the run. */
  recordMachine(record: MachineRecord): void {
    try {
      this.#append(files.machines(this.path), record)
    } catch {}
  }

  /** Keeps the console of a VM; returns its path in the folder. A disk that is full loses it, not the run. */
  keepConsole(vm: number, log: string): string {
    const name = `vms/${vm}.console`
    try {
      mkdirSync(join(this.path, 'vms'), { recursive: true })
      copyFileSync(log, join(this.path, name))
    } catch {
      return log
    }
    return name
  }

  write(name: string, text: string): void {
    this.#guardedNow(() => writeFileSync(join(this.path, name), text))
  }

  /** Somebody else may open the folder from now on. */
  async release(): Promise<void> {
    await this.#held.release()
  }

  #append(file: string, record: object): void {
    this.#guardedNow(() => {
      const fd = openSync(file, 'a')
      try {
        writeWhole(fd, Buffer.from(`${JSON.stringify(record)}\n`))
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
    })
  }

  #guardedNow<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw unwritable(error, this.path)
    }
  }

  async #guarded<T>(work: () => T): Promise<T> {
    try {
      return this.#guardedNow(work)
    } catch (error) {
      await this.release()
      throw error
    }
  }
}

/** What a run was asked, from its folder. Throws RapidoError('usage') where there is none. */
export function readRun(path: string): RunRecord {
  try {
    const run = JSON.parse(readFileSync(files.run(path), 'utf8')) as RunRecord
    if (run.schemaVersion === 1) return run
    throw new Error(`schemaVersion ${run.schemaVersion} is not known`)
  } catch (cause) {
    throw new RapidoError('usage', `${path} holds no results of rapido: ${(cause as Error).message}`, { cause })
  }
}

/** What a run has come to so far, from its folder. */
export function readEarlierPart(path: string): EarlierPart {
  return {
    attempts: readLines<AttemptRecord>(files.attempts(path)).records,
    machines: lastOfEach(readLines<MachineRecord>(files.machines(path)).records),
  }
}

/** The lines of a file of JSON, and how many bytes of it they are: the last line may be cut. Nothing where there is no file. */
function readLines<T>(path: string): { records: T[]; bytes: number } {
  const records: T[] = []
  let bytes = 0
  if (!existsSync(path)) return { records, bytes }
  const text = readFileSync(path)
  for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a, bytes)) {
    try {
      records.push(JSON.parse(text.subarray(bytes, end).toString()))
    } catch {
      break
    }
    bytes = end + 1
  }
  return { records, bytes }
}

function cutAt(path: string, bytes: number): void {
  const fd = openSync(path, 'a')
  ftruncateSync(fd, bytes)
  closeSync(fd)
}

function lastOfEach(records: MachineRecord[]): MachineRecord[] {
  return [...new Map(records.map((record) => [record.vm, record])).values()]
}

/** What is written at the end of a run. */
export const reportNames = ['results.json', 'junit.xml', 'results.tap', 'summary.txt'] as const

function removeReports(path: string): void {
  for (const name of reportNames) rmSync(join(path, name), { force: true })
}

const files = {
  run: (folder: string) => join(folder, 'run.json'),
  attempts: (folder: string) => join(folder, 'results.jsonl'),
  machines: (folder: string) => join(folder, 'vms.jsonl'),
  lock: (folder: string) => join(folder, '.running'),
}

async function held(path: string): Promise<HeldFolder> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw unwritable(error, path)
  }
  const held = await holdFolder(files.lock(path), { wait: false })
  if (held) return held
  throw new RapidoError('usage', `a run that goes on writes to ${path}`, { hint: 'choose another folder, or wait' })
}

/** "generic/001.full" of a section or of none is tests/[CONFIG/]generic/001[.2].full; anything else is beside it. */
function resultPath(test: SuiteTest, { path, attempt }: { path: string; attempt: number }): string {
  const clean = posix.normalize(`/${path}`).slice(1)
  const own =
    test.config !== undefined && clean.startsWith(`${test.config}/`) ? clean.slice(test.config.length + 1) : clean
  const place = ['tests', ...(test.config === undefined ? [] : [test.config])].join('/')
  const name = attempt === 1 ? test.name : `${test.name}.attempt${attempt}`
  const file = own.startsWith(`${test.name}.`) ? name + own.slice(test.name.length) : `${name}.files/${own}`
  return `${place}/${file.replace(/[":<>|*?\r\n]/g, '_')}` // none that artifact stores refuse
}

function writeWhole(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

function unwritable(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined || error instanceof RapidoError) return error
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  const what = isFull ? 'no space left' : (error as Error).message
  return new RapidoError('host', `cannot write the results in ${path}: ${what}`, {
    hint: isFull ? `make room there, then go on with --resume ${path}` : 'choose another folder with --results',
    cause: error,
  })
}
