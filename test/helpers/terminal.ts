import { setTimeout as delay } from 'node:timers/promises'
import { spawn } from 'node-pty'

export interface TerminalSize {
  rows: number
  cols: number
}

/** A person at a terminal who types at a program. */
export class Terminal {
  readonly ended: Promise<number> // exit status
  readonly #pty: ReturnType<typeof spawn>
  #seen = '' // since the last expect

  constructor(argv: string[], options: { cwd: string; env: Record<string, string>; size?: TerminalSize | undefined }) {
    const { cwd, env, size = { rows: 30, cols: 100 } } = options
    const [file = '', ...args] = argv
    this.#pty = spawn(file, args, { ...size, cwd, env: { ...process.env, TERM: 'xterm', ...env } })
    this.#pty.onData((data) => {
      this.#seen += data
    })
    this.ended = new Promise((resolve) => this.#pty.onExit(({ exitCode }) => resolve(exitCode)))
  }

  type(text: string): void {
    this.#pty.write(text)
  }

  resize(size: TerminalSize): void {
    this.#pty.resize(size.cols, size.rows)
  }

  /** Takes the terminal away, as when its window is closed. */
  hangUp(): void {
    this.#pty.kill()
  }

  /** Waits until the screen has shown something new that matches, and forgets all up to its end. */
  async expect(pattern: RegExp, { timeoutMs = 60_000 } = {}): Promise<string> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const match = pattern.exec(this.#seen)
      if (match) {
        this.#seen = this.#seen.slice(match.index + match[0].length)
        return match[0]
      }
      if (performance.now() > deadline) throw new Error(`no ${pattern} on the terminal, but:\n${this.#seen}`)
      await delay(20)
    }
  }
}
