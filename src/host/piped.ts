import type { Readable, Writable } from 'node:stream'

/** A program whose standard input and output are ours. */
export interface PipedProcess {
  stdin: Writable
  stdout: Readable
  ended: Promise<{ status: number; stderr: string }>
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
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended: child.then(({ exitCode, stderr }) => ({ status: exitCode ?? 1, stderr })),
  }
}
