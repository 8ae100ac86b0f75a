import { oneLine } from './plain.js'
import { runProblem } from './suite-problem.js'
import type { Attempt, Subtest, SuiteResult, TestResult } from './suite-result.js'
import { firstFailure, mainSubtests, titleOf, wasLeftOut } from './suite-tests.js'

/**
 * A suite's run as TAP version 14 (https://testanything.org/tap-version-14-specification.html): a test point for each
 * test, with its subtests above it. A flaky test is `ok`, and its block tells how often. Ends with `Bail out!` where
 * the host could not run it or somebody interrupted it.
 */
export function suiteTap(result: SuiteResult): string {
  const { tests, verdict } = result
  const bailedOut = verdict.kind === 'host' || verdict.kind === 'interrupted'
  const problem = runProblem(result)
  const extra = problem && !(problem.name === 'run' && bailedOut) ? problem : undefined
  const points = tests.length + (extra ? 1 : 0)
  return [
    'TAP version 14',
    ...(points === 0 && bailedOut ? [] : [`1..${points}`]), // behind "1..0" harnesses read nothing more
    ...tests.flatMap((test, index) => testPoint(test, index + 1)),
    ...(extra ? [`not ok ${points} - ${extra.name}`, ...block([['reason', extra.message]])] : []),
    ...(bailedOut ? [`Bail out! ${escaped(verdict.reason)}`] : []),
    '',
  ].join('\n')
}

function testPoint(test: TestResult, number: number): string[] {
  const { attempts, status, reason } = test
  const ok = status === 'pass' || status === 'flaky' || wasLeftOut(test)
  const point = `${ok ? 'ok' : 'not ok'} ${number} - ${escaped(titleOf(test))}`
  if (wasLeftOut(test)) return [`${point} # SKIP ${escaped(reason)}`.trimEnd()]
  const last = attempts.at(-1)
  const told = ok ? attempts.findLast((attempt) => attempt.status === 'pass') : firstFailure(test)
  const subtests = subtestDocument(test, told)
  const why: Field[] = status === 'pass' ? [] : [['status', status], ['reason', oneLine(reason)], ...files(test)]
  // A harness compares the whole description with the name above the subtests: no time behind that one.
  if (subtests.length > 0) return [...subtests, point, ...block([...why, ['duration_ms', last?.durationMs ?? 0]])]
  return [last ? `${point} # time=${(last.durationMs / 1000).toFixed(1)}s` : point, ...block(why)]
}

function files(test: TestResult): Field[] {
  const failed = firstFailure(test)
  return failed && failed.files.length > 0 ? [['files', failed.files.slice(0, 20).map((file) => oneLine(file))]] : []
}

function subtestDocument(test: TestResult, attempt: Attempt | undefined): string[] {
  const subtests = mainSubtests(attempt?.subtests ?? [])
  if (subtests.length === 0) return []
  const lines = [`1..${subtests.length}`, ...subtests.flatMap((subtest, index) => subtestPoint(subtest, index + 1))]
  return [`# Subtest: ${escaped(titleOf(test))}`, ...lines.map((line) => `    ${line}`)]
}

function subtestPoint({ name, status, reason }: Subtest, number: number): string[] {
  const point = `${number} - ${escaped(name)}`
  switch (status) {
    case 'pass':
      return [`ok ${point}`]
    case 'fail':
      return [`not ok ${point}`, ...block(reason === '' ? [] : [['reason', oneLine(reason)]])]
    case 'skip':
      return [`ok ${point} # SKIP ${escaped(reason)}`.trimEnd()]
    case 'todo':
      return [`not ok ${point} # TODO ${escaped(reason)}`.trimEnd()]
  }
}

type Field = [name: string, value: string | number | string[]]

/** A YAML block of a test point. JSON's strings and lists are YAML's too. */
function block(fields: Field[]): string[] {
  if (fields.length === 0) return []
  return ['  ---', ...fields.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`), '  ...']
}

function escaped(text: string): string {
  return oneLine(text).replace(/[\\#]/g, '\\$&')
}
