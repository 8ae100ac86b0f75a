import { count } from './plain.js'
import type { IncidentResult, Verdict } from './result.js'
import type { Attempt, TestResult, TestStatus } from './suite-result.js'
import { failedStatuses, hasFailed, statusWords, titleOf } from './suite-tests.js'

/** The exit status of each verdict. Those of src/errors.ts, which report/ may not import; a test compares them. */
export const verdictStatus: Record<Verdict['kind'], number> = {
  pass: 0,
  fail: 1,
  host: 3,
  crash: 4,
  timeout: 5,
  interrupted: 130,
}

const maxNames = 5

/** What the attempts of a test come to, and why in one line. One that did not run says nothing beside others. */
export function statusOf(attempts: Attempt[]): { status: TestStatus; reason: string } {
  if (attempts.length === 0) return { status: 'unfinished', reason: 'the run ended before it' }
  const ran = attempts.filter(({ status }) => status !== 'notrun')
  if (ran.length === 0) return { status: 'notrun', reason: attempts[0]?.reason ?? '' }
  const failures = ran.filter(hasFailed)
  const reason = failures[0]?.reason ?? ''
  if (failures.length === 0) return { status: 'pass', reason: '' }
  if (failures.length < ran.length) {
    const rate = `failed ${failures.length} of ${ran.length}`
    return { status: 'flaky', reason: reason === '' ? rate : `${rate}: ${reason}` }
  }
  const worst = failedStatuses.flatMap((failed) => failures.filter(({ status }) => status === failed))[0]
  return worst ? { status: worst.status, reason: worst.reason } : { status: 'fail', reason }
}

/**
 * What the tests of a run come to. Any that failed, crashed, timed out or never ran to its end fails the run. With
 * `strict` a crash and a timeout are verdicts of their own, and a flaky test fails the run too. A kernel report outside
 * of any test that counts is a crash in any case.
 */
export function suiteVerdict(
  tests: TestResult[],
  { strict, incidents }: { strict: boolean; incidents: IncidentResult[] },
): { verdict: Verdict; exitStatus: number } {
  const told: TestStatus[] = strict
    ? ['crash', 'timeout', 'fail', 'flaky', 'unfinished']
    : ['fail', 'crash', 'timeout', 'unfinished']
  const groups = told
    .map((status) => ({ status, tests: tests.filter((test) => meaning(test) === status) }))
    .filter((group) => group.tests.length > 0)
  const outside = incidents.filter(({ fails }) => fails).map(incidentReason)
  const reason = [...outside.slice(0, 1), ...testsReason(groups)].join('; ')
  const kind = outside.length > 0 ? 'crash' : verdictKind(groups[0]?.status, strict)
  return { verdict: kind === 'pass' ? { kind } : { kind, reason }, exitStatus: verdictStatus[kind] }
}

/** One that was left alone because it had crashed the guest did crash it: the run must not pass for that. */
function meaning({ status, attempts }: TestResult): TestStatus {
  return status === 'skipped' && attempts.length > 0 ? statusOf(attempts).status : status
}

function incidentReason({ role, cause, title }: IncidentResult): string {
  return `${role === undefined ? '' : `${role}: `}${cause ?? title}, outside of any test`
}

function verdictKind(worst: TestStatus | undefined, strict: boolean): 'pass' | 'fail' | 'crash' | 'timeout' {
  if (worst === undefined) return 'pass'
  return strict && (worst === 'crash' || worst === 'timeout') ? worst : 'fail'
}

/** "2 tests failed, 1 crashed: generic/270, generic/633, …" */
function testsReason(groups: { status: TestStatus; tests: TestResult[] }[]): string[] {
  if (groups.length === 0) return []
  const counts = groups.map(({ status, tests }, index) => {
    const number = index === 0 ? count(tests.length, 'test') : tests.length
    return `${number} ${statusWords[status]}`
  })
  const names = groups.flatMap(({ tests }) => tests.map(titleOf))
  const more = names.length > maxNames ? ', …' : ''
  return [`${counts.join(', ')}: ${names.slice(0, maxNames).join(', ')}${more}`]
}
