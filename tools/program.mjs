import { spawn } from 'node:child_process'

/**
 * Runs a program to its end. `status` is its exit status, the signal that ended it, or why it could not start;
 * `output` has its standard output and error as they came, unless they are inherited.
 */
export function runProgram(file, argv, { stdio = ['ignore', 'pipe', 'pipe'], ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, argv, { stdio, ...options })
    const chunks = []
    child.stdout?.on('data', (chunk) => chunks.push(chunk))
    child.stderr?.on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ status: error.code, output: error.message }))
    child.on('close', (status, signal) =>
      resolve({ status: status ?? signal, output: Buffer.concat(chunks).toString() }),
    )
  })
}
