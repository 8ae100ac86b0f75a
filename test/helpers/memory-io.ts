import { PassThrough, Writable } from 'node:stream'
import type { Io } from '../../src/cli/io.js'

/** What a command reads and writes, kept in memory: for the CLI without a process. */
export interface MemoryIo extends Io {
  stdin: PassThrough & { isTTY?: boolean; setRawMode?: (on: boolean) => NodeJS.ReadStream }
  out(): string
  err(): string
  raw: boolean[] // every switch of the terminal's raw mode
}

/** `terminal`: all three are one, of that size. */
export function memoryIo(
  options: { cwd?: string; env?: NodeJS.ProcessEnv; terminal?: { rows: number; columns: number } } = {},
): MemoryIo {
  const { cwd = '/', terminal } = options
  const raw: boolean[] = []
  const [stdout, stderr] = [sink(), sink()]
  const stdin: MemoryIo['stdin'] = new PassThrough()
  if (terminal) {
    Object.assign(stdout.stream, { isTTY: true, ...terminal })
    Object.assign(stderr.stream, { isTTY: true, columns: terminal.columns })
    Object.assign(stdin, { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  }
  return {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: options.env ?? {},
    cwd,
    home: cwd,
    signal: new AbortController().signal,
    out: stdout.text,
    err: stderr.text,
    raw,
  }
}

function sink(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}
