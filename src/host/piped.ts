import { PassThrough, type Readable, type Writable } from 'node:stream'

/** A program whose standard input and output are ours. */
export interface PipedProcess {
  stdin: Writable
  stdout: Readable
  ended: Promise<{ status: number; stderr: string }>
  kill(): void
}

export async function startPiped(file: string, args: string[]): Promise<PipedProcess> {
  const { execa } = await import('execa')
  const child = execa(file, args, {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false, stderr: true },
    reject: false,
  })
  child.stdin.on('error', () => {}) // it has ended early: its status says so
  // Its own pipe would be drained by execa if nobody reads it at once; this stream waits for its reader.
  const stdout = child.stdout.pipe(new PassThrough())
  return {
    stdin: child.stdin,
    stdout,
    ended: child.then(({ exitCode, stderr }) => ({ status: exitCode ?? 1, stderr })),
    kill: () => {
      child.kill('SIGKILL')
      child.stdout.destroy() // nobody reads the rest of it, which would keep `ended` waiting
    },
  }
}
