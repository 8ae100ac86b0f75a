import { createWriteStream, openSync } from 'node:fs'

/**
 * Runs a program with bytes on its standard input and its output in a new file, mode 0600. Returns what it said on
 * standard error, or undefined where the program is not there.
 */
export async function runToFile(
  [file, ...args]: [string, ...string[]],
  options: { input: Buffer; output: string; signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  const { execa } = await import('execa')
  const output = createWriteStream('', { fd: openSync(options.output, 'wx', 0o600) })
  try {
    const result = await execa(file, args, {
      input: options.input,
      stdout: output, // its descriptor: the program itself meets a full disk and says so
      env: { LC_ALL: 'C' },
      reject: false,
      ...(options.signal ? { cancelSignal: options.signal } : {}),
    })
    options.signal?.throwIfAborted()
    return result.code === 'ENOENT' ? undefined : result.stderr
  } finally {
    output.destroy()
  }
}
