import { duration, oneLine } from './plain.js'
import type { SuiteResult, TestResult, TestStatus } from './suite-result.js'
import { hasFailed, keyOf, statusWords, titleOf, wasLeftOut } from './suite-tests.js'
import type { Style } from './text.js'

const maxLines = 20 // of each list, in the text

/** A test, in one configuration, that is not what it was. */
export interface Change {
  name: string
  config: string | undefined
  before: TestStatus | undefined // undefined: it was not there
  after: TestStatus | undefined
  reason: string // of the later one, else of the earlier one
}

/** A test that passed both times, and took longer. */
export interface Slower {
  name: string
  config: string | undefined
  beforeMs: number
  afterMs: number
}

/** What differs between two runs. Every list is in the order of the later run. */
export interface SuiteComparison {
  before: { profile: string; kernel: string }
  after: { profile: string; kernel: string }
  newlyFailing: Change[] // or it fails worse: it failed, and now it crashes
  newlyFlaky: Change[] // passed
  newlyPassing: Change[] // failed, crashed or timed out
  newlyNotRun: Change[] // did run
  added: Change[]
  removed: Change[]
  slower: Slower[] // more than twice as long, and by more than 2 s
}

/** What became of each test from one run to another. */
export function compareSuites(before: SuiteResult, after: SuiteResult): SuiteComparison {
  const earlier = new Map(before.tests.map((test) => [keyOf(test), test]))
  const later = new Set(after.tests.map(keyOf))
  const pairs = after.tests.flatMap((now) => {
    const was = earlier.get(keyOf(now))
    return was ? [{ was, now }] : []
  })
  const changes = (differs: (pair: Pair) => boolean) => pairs.filter(differs).map(({ was, now }) => change(was, now))
  return {
    before: { profile: before.profile, kernel: before.kernel },
    after: { profile: after.profile, kernel: after.kernel },
    newlyFailing: changes(({ was, now }) => badness(now) > badness(was)),
    newlyFlaky: changes(({ was, now }) => was.status === 'pass' && now.status === 'flaky'),
    newlyPassing: changes(({ was, now }) => hasFailed(was) && now.status === 'pass'),
    newlyNotRun: changes(({ was, now }) => didRun(was) && !didRun(now)),
    added: after.tests.filter((test) => !earlier.has(keyOf(test))).map((test) => change(undefined, test)),
    removed: before.tests.filter((test) => !later.has(keyOf(test))).map((test) => change(test, undefined)),
    slower: pairs.flatMap(slower),
  }
}

interface Pair {
  was: TestResult
  now: TestResult
}

function change(was: TestResult | undefined, now: TestResult | undefined): Change {
  const { name = '', config, reason = '' } = now ?? was ?? {}
  return { name, config, before: was?.status, after: now?.status, reason }
}

/** 0 for a test that did not fail, 3 for one that crashed. */
function badness(test: TestResult): number {
  return ['fail', 'timeout', 'crash'].indexOf(test.status) + 1
}

function didRun(test: TestResult): boolean {
  return !wasLeftOut(test) && test.status !== 'unfinished'
}

function slower({ was, now }: Pair): Slower[] {
  if (was.status !== 'pass' || now.status !== 'pass') return []
  const beforeMs = was.attempts.at(-1)?.durationMs
  const afterMs = now.attempts.at(-1)?.durationMs
  if (beforeMs === undefined || afterMs === undefined) return []
  const much = afterMs > 2 * beforeMs && afterMs - beforeMs > 2000
  return much ? [{ name: now.name, config: now.config, beforeMs, afterMs }] : []
}

/** A comparison for people: what became worse comes first. Ends with a line end. */
export function comparisonText(comparison: SuiteComparison, options: { style?: Style } = {}): string {
  const style: Style = options.style ?? ((_, text) => text)
  const { newlyFailing, newlyFlaky, newlyPassing, newlyNotRun, added, removed } = comparison
  const sections: [string, 'red' | 'green' | 'yellow', string[]][] = [
    ['newly failing', 'red', newlyFailing.map(changeLine)],
    ['newly flaky', 'yellow', newlyFlaky.map(changeLine)],
    ['newly passing', 'green', newlyPassing.map(changeLine)],
    ['newly not run', 'yellow', newlyNotRun.map(changeLine)],
    ['new', 'yellow', added.map(changeLine)],
    ['gone', 'yellow', removed.map(changeLine)],
    ['slower', 'yellow', comparison.slower.map(slowerLine)],
  ]
  const told = sections.filter(([, , lines]) => lines.length > 0)
  const body = told.flatMap(([title, colour, lines]) => [
    `  ${style(colour, `${title}:`)}`,
    ...lines.slice(0, maxLines).map((line) => `    ${line}`),
    ...(lines.length > maxLines ? [`    … and ${lines.length - maxLines} more`] : []),
  ])
  const counts = told.map(([title, , lines]) => `${lines.length} ${title}`)
  return [`${headline(comparison, style)}: ${counts.join(', ') || 'no test differs'}`, ...body, ''].join('\n')
}

function headline(comparison: SuiteComparison, style: Style): string {
  const { before, after, newlyFailing, newlyFlaky, newlyPassing, added } = comparison
  const name = ({ profile, kernel }: SuiteComparison['after']) => oneLine(`${profile} on ${kernel}`)
  const worse = newlyFailing.length + newlyFlaky.length + added.filter(isFailure).length > 0
  const verdict = worse ? style('red', 'worse') : newlyPassing.length > 0 ? style('green', 'better') : 'same'
  return `${verdict}  ${name(after)}, before ${before.profile === after.profile ? oneLine(before.kernel) : name(before)}`
}

function isFailure({ after }: Change): boolean {
  return after !== undefined && hasFailed({ status: after })
}

/** "generic/270: crashed, before passed: BUG: …" */
function changeLine(change: Change): string {
  const { before, after, reason } = change
  const states = [
    ...(after === undefined ? [] : [statusWords[after]]),
    ...(before === undefined ? [] : [`before ${statusWords[before]}`]),
  ]
  return `${titleOf(change)}: ${states.join(', ')}${reason === '' ? '' : `: ${oneLine(reason)}`}`
}

function slowerLine(slower: Slower): string {
  return `${titleOf(slower)}: ${duration(slower.afterMs)}, before ${duration(slower.beforeMs)}`
}
