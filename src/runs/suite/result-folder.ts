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
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { RapidoError } from '../../errors.js'
import { type HeldFolder, holdFolder } from '../../host/hold.js'
import type { Attempt } from '../../report/suite-result.js'
import type { SuiteTest } from './suite.js'

/** What was asked of a run: run.json, written before anything runs. Everything that --resume has to know. */
export interface RunRecord {
  schemaVersion: 1
  suite: string
  profile: string
  words: string[] // arguments of the command, for the planner
  sets: string[] // --set
  configFile: string | undefined
  seed: number
  kernel: string // release
  startedAt: string // ISO 8601
  shard: string | undefined
  tests: SuiteTest[]
  notes: string[]
}

/** A line of results.jsonl: one time that a test ran. */
export interface AttemptRecord extends Attempt {
  name: string
  config: string | undefined
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
      writeFileSync(files.attempts(path), '')
      // The last and whole, or not at all: where it is, there is a run to go on with.
      writeFileSync(`${files.run(path)}.new`, `${JSON.stringify(run, null, 2)}\n`)
      renameSync(`${files.run(path)}.new`, files.run(path))
    })
    return folder
  }

  /** Opens the folder of a run that was cut short. What of its last test is half there is removed. */
  static async resume(path: string): Promise<{ folder: ResultFolder; attempts: AttemptRecord[] }> {
    const folder = new ResultFolder(path, await held(path))
    const attempts = await folder.#guarded(() => {
      const { attempts, bytes } = readAttempts(path)
      const fd = openSync(files.attempts(path), 'r+')
      ftruncateSync(fd, bytes)
      closeSync(fd)
      return attempts
    })
    return { folder, attempts }
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
    this.#guardedNow(() => {
      const fd = openSync(files.attempts(this.path), 'a')
      try {
        writeWhole(fd, Buffer.from(`${JSON.stringify(record)}\n`))
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
    })
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

/** All that had finished, from the folder of a run, and how many bytes of the file tell of it: the last line may be cut. */
export function readAttempts(path: string): { attempts: AttemptRecord[]; bytes: number } {
  const text = readFileSync(files.attempts(path))
  const attempts: AttemptRecord[] = []
  let bytes = 0
  for (let end = text.indexOf(0x0a); end >= 0; end = text.indexOf(0x0a, bytes)) {
    try {
      attempts.push(JSON.parse(text.subarray(bytes, end).toString()))
    } catch {
      break
    }
    bytes = end + 1
  }
  return { attempts, bytes }
}

const files = {
  run: (folder: string) => join(folder, 'run.json'),
  attempts: (folder: string) => join(folder, 'results.jsonl'),
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
