import { styleText } from 'node:util'
import { RapidoError } from '../errors.js'
import type { Io } from './io.js'

/** Tells a person what went wrong: what and where, then what to try. Stacks only for bugs, or when asked for. */
export function showError(error: unknown, { io, verbose }: { io: Pick<Io, 'stderr'>; verbose: boolean }): void {
  const red = (text: string) => (io.stderr.isTTY ? styleText('red', text) : text)
  const write = (text: string) => void io.stderr.write(`${text}\n`)
  if (error instanceof RapidoError) {
    write(`${red('rapido:')} ${error.message}`)
    if (error.hint) write(error.hint.replaceAll(/^/gm, '  '))
    if (verbose) write(String(error.stack))
    if (verbose && error.cause) write(`caused by ${error.cause instanceof Error ? error.cause.stack : error.cause}`)
    return
  }
  write(`${red('rapido: this is a bug in rapido:')} ${error instanceof Error ? error.stack : error}`)
}
