import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import type { PtyProcess, WindowSize } from '../host/pty-process.js'

const recentBytes = 64 * 1024
const logBacklogBytes = 4 * 1024 * 1024

/**
 * The console of a VM: everything it says goes to the log file, whole, and to whoever listens. What is typed goes to
 * QEMU as it is, where Ctrl-A c and Ctrl-A x are QEMU's own.
 */
export class Console {
  readonly #pty: PtyProcess
  readonly #log: WriteStream
  readonly #listeners = new Set<(chunk: Buffer) => void>()
  #recent: Buffer[] = []
  #recentLength = 0
  #logError: Error | undefined

  constructor(pty: PtyProcess, logPath: string) {
    this.#pty = pty
    this.#log = createWriteStream(logPath, { mode: 0o600 })
    this.#log.on('error', (error) => {
      this.#logError = error // a full disk must not end the run: it is told with the result
      this.#pty.resume()
    })
    this.#log.on('drain', () => this.#pty.resume())
    pty.onData((chunk) => this.#take(chunk))
  }

  /** Why the log is not complete, where it is not. */
  get logError(): Error | undefined {
    return this.#logError
  }

  /** Calls `listener` with every chunk from now on; the returned function ends that. */
  listen(listener: (chunk: Buffer) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What this console said before a snapshot was taken, as if it came now. */
  replay(said: Buffer): void {
    this.#take(said)
  }

  write(data: Buffer | string): void {
    this.#pty.write(Buffer.from(data))
  }

  resize(size: WindowSize): void {
    this.#pty.resize(size)
  }

  /** The last lines that have something on them, without escape sequences. */
  lastLines(count: number): string[] {
    const text = stripVTControlCharacters(Buffer.concat(this.#recent).toString())
    return text
      .split(/[\r\n]+/)
      .filter((line) => line.trim() !== '')
      .slice(-count)
  }

  /** What was seen last, as it came: for a terminal that attaches later. */
  recent(): Buffer {
    return Buffer.concat(this.#recent)
  }

  /** Ends the log file; call it when QEMU has ended. */
  async close(): Promise<void> {
    if (this.#log.destroyed) return
    this.#log.end()
    await once(this.#log, 'close').catch(() => {})
  }

  #take(chunk: Buffer): void {
    if (!this.#logError && !this.#log.writableEnded) {
      this.#log.write(chunk)
      // A guest that floods the console must not fill our memory: QEMU waits for the pty, the guest for QEMU.
      if (this.#log.writableLength > logBacklogBytes) this.#pty.pause()
    }
    this.#recent.push(chunk)
    this.#recentLength += chunk.length
    while (this.#recent.length > 1 && this.#recentLength - (this.#recent[0]?.length ?? 0) >= recentBytes) {
      this.#recentLength -= this.#recent.shift()?.length ?? 0
    }
    for (const listener of this.#listeners) listener(chunk)
  }
}
