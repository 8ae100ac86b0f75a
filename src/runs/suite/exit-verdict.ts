import { plain } from '../../report/plain.js'
import type { SuiteProgram, TestVerdict } from './suite.js'

/** What became of a test by its exit status: 4 is SKIP of kselftest, 77 that of automake. */
export function readExitVerdict({ text, exit }: Parameters<SuiteProgram['verdict']>[0]): TestVerdict {
  const output = plain(text).trimEnd()
  if (exit === 0) return { status: 'pass', reason: '', output }
  if (exit === 4 || exit === 77) return { status: 'notrun', reason: lastLine(text) || `exit status ${exit}`, output }
  return { status: 'fail', reason: exitReason(text, exit), output }
}

/** "exit status 1; cannot open /dev/x": the last line says why, most of the time. */
export function exitReason(text: string, exit: number | undefined): string {
  const status = exit === undefined ? 'it ended without a status' : `exit status ${exit}`
  return [status, lastLine(text)].filter((part) => part !== '').join('; ')
}

/** The last line that was printed; a long one is cut. */
export function lastLine(text: string): string {
  const lines = plain(text).split('\n')
  return (lines.findLast((line) => line.trim() !== '') ?? '').trim().slice(0, 200)
}
