import { spawn } from 'node:child_process'

/**
 * Runs a program to its end. `status` is its exit status, the signal that ended it, or why it could not start;
 * `output` has its standard output and error as they came, unless they are inherited; `onOutput` gets each piece.
 */
export function runProgram(file, argv, { stdio = ['ignore', 'pipe', 'pipe'], onOutput, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, argv, { stdio, ...options })
    const chunks = []
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        chunks.push(chunk)
        onOutput?.(chunk)
      })
    }
    child.on('error', (error) => resolve({ status: error.code, output: error.message }))
    child.on('close', (status, signal) =>
      resolve({ status: status ?? signal, output: Buffer.concat(chunks).toString() }),
    )
  })
}
