import type { Options } from 'execa'
import { RapidoError } from '../errors.js'

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  input?: string | Buffer
  timeoutMs?: number
  signal?: AbortSignal
}

export interface RunOutcome {
  status: number // 128 + signal number where a signal ended it, as a shell has it
  stdout: string
  stderr: string
}

/**
 * Runs a program to its end and returns its status and output, whatever the status.
 * Throws RapidoError('host') where the program does not exist, 'timeout' after `timeoutMs`, 'interrupted' on abort.
 */
export async function run(file: string, args: string[], options: RunOptions = {}): Promise<RunOutcome> {
  const { execa } = await import('execa')
  const { constants } = await import('node:os')
  const result = await execa(file, args, execaOptions(options))
  if (result.isCanceled) throw new RapidoError('interrupted', `${file} was interrupted`)
  if (result.timedOut) throw new RapidoError('timeout', `${file} did not end within ${options.timeoutMs} ms`)
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new RapidoError('host', `cannot run ${file}: ${result.originalMessage ?? 'unknown error'}`, { cause: result })
  }
  const status = result.exitCode ?? 128 + constants.signals[result.signal as NodeJS.Signals]
  return { status, stdout: result.stdout as string, stderr: result.stderr as string }
}

function execaOptions(options: RunOptions): Options {
  return {
    reject: false,
    stripFinalNewline: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  }
}
