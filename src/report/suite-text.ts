import { count, duration, oneLine } from './plain.js'
import { atMost, label, missingPrograms, notRun, slowestTests, warnings } from './suite-asides.js'
import type { SuiteResult, TestResult, TestStatus } from './suite-result.js'
import { statusOf } from './suite-status.js'
import { failedStatuses, fileToRead, firstFailure, hasFailed, statusWords, titleOf, titles } from './suite-tests.js'
import { type Style, verdictWords } from './text.js'

// Lines of each kind, so that all of them are 60 at most.
const limits = { why: 4, kernel: 2, crash: 4, timeout: 3, fail: 6, flaky: 4, notes: 4 }

/**
 * What a person reads at the end of a suite's run: how many of what, the tests that went wrong with the file to read
 * first, what was not run and why, and where everything is. At most 60 lines, each with a line end.
 */
export function suiteSummary(result: SuiteResult, options: { style?: Style } = {}): string {
  const style: Style = options.style ?? ((_, text) => text)
  const body = [
    ...whyEnded(result),
    ...kernelReports(result, style),
    ...([...failedStatuses, 'flaky'] as const).flatMap((status) => failures(result, { status, style })),
    ...named(result, 'unfinished'),
    ...named(result, 'skipped'),
    ...named(result, 'excluded'),
    ...notRun(result),
    ...missingPrograms(result),
    ...warnings(result, style),
    ...slowestTests(result),
    ...atMost(
      result.notes.map((note) => oneLine(note)),
      { most: limits.notes, rest: (number) => `… and ${count(number, 'more note')}` },
    ),
    `results: ${oneLine(result.folder, 4096)}`,
  ]
  return [headline(result, style), ...body.map((line) => `  ${line}`.trimEnd()), ''].join('\n')
}

const headlineOrder: TestStatus[] = ['pass', 'fail', 'crash', 'timeout', 'flaky', 'notrun', 'skipped', 'unfinished']

function headline({ verdict, profile, kernel, shard, tests, durationMs }: SuiteResult, style: Style): string {
  const [colour, word] = verdictWords[verdict.kind]
  const counts = headlineOrder.flatMap((status) => {
    const number = tests.filter((test) => test.status === status).length
    return number === 0 ? [] : [`${number} ${statusWords[status]}`]
  })
  const of = shard === undefined ? '' : `, shard ${oneLine(shard)}`
  const told = counts.length === 0 ? 'no tests' : counts.join(', ')
  return `${style(colour, word)}  ${oneLine(`${profile} on ${kernel}`)}${of}: ${told}, after ${duration(durationMs)}`
}

/** Where neither a test nor a kernel report tells it. */
function whyEnded({ verdict, tests, incidents }: SuiteResult): string[] {
  if (verdict.kind === 'pass') return []
  if (/^\d+ tests? /.test(verdict.reason)) return [] // it counts what is told below
  const told =
    verdict.kind === 'fail'
      ? tests.some(hasFailed) && !tests.some(({ status }) => status === 'unfinished')
      : tests.some(({ status }) => status === verdict.kind) || incidents.some(({ fails }) => fails)
  if (told) return []
  const lines = verdict.reason.split('\n').map((line) => oneLine(line))
  return lines.slice(0, limits.why)
}

function kernelReports({ incidents }: SuiteResult, style: Style): string[] {
  const counted = [...incidents.filter(({ fails }) => fails), ...incidents.filter(({ fails }) => !fails)]
  const lines = counted.map(({ kind, title, fails }) => {
    const text = `${label('kernel')}${kind}, outside of any test: ${oneLine(title)}`
    return fails ? style('red', text) : `${text} (not in run.fail_on)`
  })
  return atMost(lines, { most: limits.kernel, rest: (number) => `${label('kernel')}… and ${number} more` })
}

function failures(
  result: SuiteResult,
  { status, style }: { status: 'crash' | 'timeout' | 'fail' | 'flaky'; style: Style },
): string[] {
  const tests = result.tests.filter((test) => test.status === status)
  const start = style(status === 'flaky' ? 'yellow' : 'red', label(status))
  return atMost(
    tests.map((test) => `${start}${failure(test, result)}`),
    {
      most: limits[status],
      rest: (number) => `${start}${oneLine(`… and ${number} more: ${tests.slice(-number).map(titleOf).join(', ')}`)}`,
    },
  )
}

function failure(test: TestResult, { machines }: SuiteResult): string {
  const first = firstFailure(test)
  const why = test.status === 'flaky' && first ? statusOf(test.attempts).reason : first?.reason || test.reason
  const file = first && fileToRead(first, machines)
  const where = file === undefined ? '' : ` (${oneLine(file)})`
  return `${titleOf(test)}${why === '' ? '' : `: ${oneLine(why)}`}${where}`
}

function named({ tests }: SuiteResult, status: TestStatus): string[] {
  const found = tests.filter((test) => test.status === status).map(titleOf)
  return found.length === 0 ? [] : [`${found.length} ${statusWords[status]}: ${oneLine(titles(found))}`]
}
