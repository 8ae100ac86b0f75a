import { maxOutput, oneLine, tail } from './plain.js'
import type { Attempt, Subtest, TestResult } from './suite-result.js'
import { firstFailure, mainSubtests } from './suite-tests.js'

const maxFiles = 200
const maxPath = 4096

/** The subtests that failed, then what the suite said. */
export function failureText({ output, subtests = [] }: Attempt): string {
  const failed = mainSubtests(subtests.filter(({ status }) => status === 'fail')).map(subtestLine)
  return [...(failed.length > 0 ? [failed.join('\n')] : []), tail(output, maxOutput)].join('\n\n').trim()
}

/** A line for each file, for Jenkins' JUnit Attachments plugin. */
export function attachments(attempts: Attempt[], folder: string): string[] {
  const files = [...new Set(attempts.flatMap((attempt) => attempt.files))].slice(0, maxFiles)
  return files.map((file) => `[[ATTACHMENT|${oneLine(`${folder}/${file}`, maxPath)}]]`)
}

/** The subtests of the attempt that the case is about. */
export function subtestLines(test: TestResult): string[] {
  const attempt = firstFailure(test) ?? test.attempts.at(-1)
  return mainSubtests(attempt?.subtests ?? []).map((subtest) => withoutAttachments(subtestLine(subtest)))
}

function subtestLine({ name, status, reason }: Subtest): string {
  const words = { pass: 'ok', fail: 'not ok', skip: 'skipped', todo: 'to do' }
  return oneLine(`${words[status]} ${name}${reason === '' ? '' : `: ${reason}`}`)
}

/** What comes out of the guest must not make Jenkins fetch files of its runner. */
export function withoutAttachments(text: string): string {
  return text.replaceAll('[[ATTACHMENT|', '[[attachment|')
}
