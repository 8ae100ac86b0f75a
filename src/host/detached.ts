import { createInterface } from 'node:readline'

/** A process in the background that outlives us. */
export interface DetachedProcess {
  lines: AsyncIterable<string> // of its standard output
  /** Writes to its standard input. */
  write(text: string): void
  /** Closes its standard input and stops listening: what it does from then on is its own matter. */
  letGo(): void
}

/** Starts a program in a session of its own, its standard error dropped. `input` is written, and stdin kept open. */
export async function startDetached(
  [file = '', ...args]: string[],
  options: { env: NodeJS.ProcessEnv; input: string },
): Promise<DetachedProcess> {
  const { execa } = await import('execa')
  const child = execa(file, args, {
    cwd: '/', // not to keep a mount busy
    env: options.env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
    buffer: false,
    reject: false,
  })
  child.stdin.on('error', () => {}) // it has ended: its output says why
  child.stdin.write(options.input)
  const lines = createInterface({ input: child.stdout })
  return {
    lines,
    write: (text) => void child.stdin.write(text),
    letGo: () => {
      lines.close() // whoever reads them would wait for ever: a stream that is destroyed has no end
      child.stdin.end()
      child.stdout.destroy()
      child.unref()
    },
  }
}
