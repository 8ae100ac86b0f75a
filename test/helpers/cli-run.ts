import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'

/** How a command line ended. A signal that ended it shows as in a shell: 128 + n. */
export interface Outcome {
  status: number
  stdout: string
  stdoutBytes: Buffer
  stderr: string
  durationMs: number
}

/**
 * A rapido that runs, started on the first use of it, so that what it is given can be added in any order:
 * `await box.rapido('exec', '1', '--', 'cat').input('text').outcome()`.
 */
export class CliRun {
  readonly argv: string[]
  readonly #cwd: string
  readonly #env: NodeJS.ProcessEnv
  #input: string | Buffer | undefined
  #started: Started | undefined

  constructor(argv: string[], options: { cwd: string; env: Record<string, string> }) {
    this.argv = argv
    this.#cwd = options.cwd
    const { NODE_OPTIONS: _, FORCE_COLOR: __, VITEST: ___, ...env } = process.env // of the test runner
    this.#env = { ...env, ...options.env }
  }

  env(variables: Record<string, string>): this {
    Object.assign(this.#env, variables)
    return this
  }

  /** Images that are there are not made anew, as they are where the tests are run with RAPIDO_START=cold. */
  withCachedImages(): this {
    if (this.#env.RAPIDO_START === 'cold') this.#env.RAPIDO_START = 'warm'
    return this
  }

  input(input: string | Buffer): this {
    this.#input = input
    return this
  }

  /** Starts it, and returns when it has ended. */
  async outcome(): Promise<Outcome> {
    const { chunks, ended, startedAt } = this.start()
    const status = await ended
    const stdoutBytes = Buffer.concat(chunks.stdout)
    return {
      status,
      stdoutBytes,
      stdout: stdoutBytes.toString(),
      stderr: Buffer.concat(chunks.stderr).toString(),
      durationMs: performance.now() - startedAt,
    }
  }

  start(): Started {
    if (this.#started) return this.#started
    const [file = '', ...args] = this.argv
    const child = spawn(file, args, { cwd: this.#cwd, env: this.#env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.on('error', () => {}) // it reads none
    child.stdin.end(this.#input)
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk))
    const ended = new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (status, signal) => resolve(status ?? 128 + signalNumber(signal)))
    })
    this.#started = { child, chunks, ended, startedAt: performance.now() }
    return this.#started
  }

  /** What it is, how it ended or since when it runs, and the last that it wrote: for whoever wonders why a test failed. */
  describe(): string {
    if (!this.#started) return `${this.argv.join(' ')}: not started`
    const { child, chunks, startedAt } = this.#started
    const ran = `for ${Math.round(performance.now() - startedAt)} ms`
    const state = child.exitCode ?? child.signalCode ?? `runs ${ran}`
    const said = [...chunks.stdout, ...chunks.stderr].map(String).join('').slice(-2000)
    return `${this.argv.join(' ')}: ${state}\n${said}`
  }

  get pid(): number {
    return this.start().child.pid ?? 0
  }

  /** Signals it, if it runs. */
  kill(signal: NodeJS.Signals): void {
    this.#started?.child.kill(signal)
  }

  /** No longer takes its output: as a reader that sleeps. */
  stopReading(): void {
    this.start().child.stdout.removeAllListeners('data').pause()
  }

  /** Returns once it has written something that matches. Throws what it wrote, if it ends before, or after a minute. */
  async saying(pattern: RegExp): Promise<void> {
    const { chunks, child, ended } = this.start()
    const text = () => Buffer.concat([...chunks.stdout, ...chunks.stderr]).toString()
    const ending = ended.then(() => 'ended' as const)
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, 60_000, 'late').unref())
    while (!pattern.test(text())) {
      let heard = () => {}
      const more = new Promise<'more'>((resolve) => {
        heard = () => resolve('more')
      })
      for (const stream of [child.stdout, child.stderr]) stream.on('data', heard)
      const what = await Promise.race([more, ending, late])
      for (const stream of [child.stdout, child.stderr]) stream.off('data', heard)
      if (what !== 'more' && !pattern.test(text())) throw new Error(`${what} without ${pattern}; it said:\n${text()}`)
    }
  }
}

interface Started {
  child: ChildProcessByStdio<Writable, Readable, Readable>
  chunks: { stdout: Buffer[]; stderr: Buffer[] }
  ended: Promise<number>
  startedAt: number
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal]
}
