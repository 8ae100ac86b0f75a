import type { Readable, Writable } from 'node:stream'

/** Where a command reads and writes, and what it is told from outside: so that a test can call any of them. */
export interface Io {
  stdin: Readable & Partial<Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode'>>
  stdout: Writable & Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'rows' | 'columns'>>
  stderr: Writable & Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>>
  env: NodeJS.ProcessEnv
  cwd: string
  home: string
  /** Aborted by Ctrl-C and its like, with a RapidoError('interrupted'). */
  signal: AbortSignal
}

/** A command's whole result: the exit status. */
export type Status = number

/** Options that every command has. */
export interface GlobalOptions {
  set: string[]
  config?: string | undefined
  verbose: boolean
}
