import { runProgram } from '../program.mjs'

/** How long a program takes from its start to its end. Throws if it fails, or takes longer than `timeoutMs`. */
export async function timeMs(file, argv, { timeoutMs = 60_000, ...options } = {}) {
  const startedMs = performance.now()
  const { status, output } = await runProgram(file, argv, { timeout: timeoutMs, killSignal: 'SIGKILL', ...options })
  const elapsedMs = performance.now() - startedMs
  if (status !== 0) throw new Error(`${file} ${argv.join(' ')}: ${status}\n${output}`)
  return elapsedMs
}
