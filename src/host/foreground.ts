import { RapidoError } from '../errors.js'

/** Runs a program on our own terminal and returns its status. Throws RapidoError('host') where there is none. */
export async function runInForeground(file: string, args: string[], options: { hint: string }): Promise<number> {
  const { execa } = await import('execa')
  const ignore = () => {} // Ctrl-C is the program's, not ours
  process.on('SIGINT', ignore)
  try {
    const result = await execa(file, args, { stdio: 'inherit', reject: false })
    if (result.exitCode !== undefined) return result.exitCode
    if (result.signal !== undefined) return 1
    throw new RapidoError('host', `cannot run ${file}: ${result.originalMessage}`, {
      hint: options.hint,
      cause: result,
    })
  } finally {
    process.off('SIGINT', ignore)
  }
}
