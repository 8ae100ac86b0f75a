import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BootOptions } from '../../dist/index.js'
import { CliRun } from './cli-run.js'
import { packageFolder, sharedCache } from './places.js'
import { processesOf, reaperScript } from './processes.js'
import { Terminal, type TerminalSize } from './terminal.js'

/** Where a test's rapido keeps everything: a home, state and working folder of its own, and a TMPDIR to look into. */
export class Sandbox {
  readonly folder: string
  readonly work: string // where rapido is called: rapido.toml and ./profiles are looked for here
  readonly state: string
  readonly cache: string
  readonly temporary: string
  readonly #cpus: number | undefined
  readonly #reaper: ChildProcess
  readonly #runs: CliRun[] = []

  /** Images are shared by all tests, except with `ownCache`. `cpus`: of each VM, in place of what its profile says. */
  constructor(options: { ownCache?: boolean; parent?: string; cpus?: number } = {}) {
    this.folder = mkdtempSync(join(options.parent ?? '/var/tmp', 'rapido-e2e-'))
    this.#reaper = startReaper(this.folder)
    this.work = this.#makeFolder('work')
    this.temporary = this.#makeFolder('tmp')
    this.state = join(this.folder, 'state/rapido')
    this.cache = options.ownCache ? join(this.folder, 'cache/rapido') : join(sharedCache, 'rapido')
    this.#cpus = options.cpus
    if (options.cpus !== undefined) {
      mkdirSync(join(this.folder, 'config/rapido'), { recursive: true })
      writeFileSync(join(this.folder, 'config/rapido/rapido.toml'), `[vm]\ncpus = ${options.cpus}\n`)
    }
  }

  /** What tells rapido to use this sandbox. */
  get env(): Record<string, string> {
    return {
      HOME: this.work,
      XDG_STATE_HOME: dirname(this.state),
      XDG_CACHE_HOME: dirname(this.cache),
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      TMPDIR: this.temporary,
    }
  }

  /** Starts `rapido ARGS…` as a user would, in `work`. */
  rapido(...args: string[]): CliRun {
    return this.command([process.execPath, join(packageFolder, 'dist/main.js'), ...args])
  }

  /** Starts `rapido ARGS…` for a person who sits at a terminal. */
  terminal(args: string[], size?: TerminalSize): Terminal {
    const argv = [process.execPath, join(packageFolder, 'dist/main.js'), ...args]
    return new Terminal(argv, { cwd: this.work, env: this.env, size })
  }

  /** Starts any program that runs rapido. */
  command(argv: string[]): CliRun {
    const run = new CliRun(argv, { cwd: this.work, env: this.env })
    this.#runs.push(run)
    return run
  }

  /** Options of boot() and run() of the library, to stay in this sandbox. */
  options(settings: NonNullable<BootOptions['settings']> = {}): Pick<BootOptions, 'cwd' | 'settings'> {
    const cpus: typeof settings = this.#cpus === undefined ? {} : { 'vm.cpus': this.#cpus }
    return { cwd: this.work, settings: { 'paths.state': this.state, 'paths.cache': this.cache, ...cpus, ...settings } }
  }

  /** Writes a file below `work`, folders made, and returns its path. */
  file(name: string, content: string | Buffer, mode = 0o644): string {
    const path = join(this.work, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content, { mode })
    return path
  }

  /** A profile in ./profiles. Its image has what every image has, so that it is made in a second. */
  profile(name: string, parts: { toml?: string; bootScript?: string } = {}): void {
    this.file(`profiles/${name}/profile.toml`, `summary = "Of a test"\n${parts.toml ?? ''}\n`)
    this.file(`profiles/${name}/boot.sh`, `${parts.bootScript ?? ':'}\n`)
  }

  /** All commands that ran here, and how the console log of each VM ends: to be told with a test that failed. */
  describe(): string {
    const logs = join(this.state, 'logs')
    const consoles = (existsSync(logs) ? readdirSync(logs) : []).map((name) => {
      const text = readFileSync(join(logs, name), 'utf8')
      return `${name}:\n${text.length > 10_000 ? '…' : ''}${text.slice(-10_000)}`
    })
    return [...this.#runs.map((run) => run.describe()), ...consoles].join('\n')
  }

  /** Kills what a failed test left running, and removes the folder. */
  remove(): void {
    for (const { pid } of processesOf(this.folder)) kill(pid)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    this.#reaper.stdin?.end()
  }

  #makeFolder(name: string): string {
    const path = join(this.folder, name)
    mkdirSync(path)
    return path
  }
}

/** It outlives us, and ends with what we leave. Its session is its own: a signal for ours passes it by. */
function startReaper(folder: string): ChildProcess {
  const reaper = spawn('bash', [reaperScript, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  reaper.stdin.on('error', () => {}) // it has ended: there was nothing left
  reaper.unref()
  return reaper
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {} // it has just ended
}
