import { setTimeout as delay } from 'node:timers/promises'
import { spawn } from 'node-pty'
import { packageFolder } from './places.js'
import type { Sandbox } from './sandbox.js'

/** A person at a terminal who types at `rapido ARGS…`. */
export class Terminal {
  readonly ended: Promise<number> // exit status
  readonly #pty: ReturnType<typeof spawn>
  #seen = '' // since the last expect

  constructor(box: Sandbox, args: string[], size: { rows: number; cols: number } = { rows: 30, cols: 100 }) {
    const env = { ...process.env, ...box.env, TERM: 'xterm' } as Record<string, string>
    this.#pty = spawn(process.execPath, [`${packageFolder}/dist/main.js`, ...args], { ...size, cwd: box.work, env })
    this.#pty.onData((data) => {
      this.#seen += data
    })
    this.ended = new Promise((resolve) => this.#pty.onExit(({ exitCode }) => resolve(exitCode)))
  }

  type(text: string): void {
    this.#pty.write(text)
  }

  resize(size: { rows: number; cols: number }): void {
    this.#pty.resize(size.cols, size.rows)
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
