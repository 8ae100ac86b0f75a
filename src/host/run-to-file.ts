/** Runs a program with bytes on its standard input and its output in a file; true where the program was there. */
export async function runToFile(
  [file, ...args]: [string, ...string[]],
  options: { input: Buffer; output: string; signal?: AbortSignal | undefined },
): Promise<boolean> {
  const { execa } = await import('execa')
  const result = await execa(file, args, {
    input: options.input,
    stdout: { file: options.output },
    stderr: 'ignore',
    reject: false,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  })
  options.signal?.throwIfAborted()
  return result.exitCode !== undefined
}
