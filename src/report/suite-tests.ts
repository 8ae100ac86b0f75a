import { oneLine } from './plain.js'
import type { Attempt, Subtest, SuiteMachine, TestResult, TestStatus } from './suite-result.js'

/** Statuses that mean that a test went wrong, the worst first. */
export const failedStatuses = ['crash', 'timeout', 'fail'] as const satisfies TestStatus[]

/** What has become of tests, after their number: "2 failed". */
export const statusWords: Record<TestStatus, string> = {
  pass: 'passed',
  fail: 'failed',
  crash: 'crashed',
  timeout: 'timed out',
  flaky: 'flaky',
  notrun: 'not run',
  skipped: 'skipped',
  excluded: 'excluded',
  unfinished: 'unfinished',
}

const maxName = 200

/** Whether a test, or an attempt, went wrong. A flaky test did not: it has attempts that did. */
export function hasFailed({ status }: { status: TestStatus }): boolean {
  return failedStatuses.some((failed) => failed === status)
}

/** Whether a test was left out, by itself or by the run, and why is known. */
export function wasLeftOut({ status }: { status: TestStatus }): boolean {
  return status === 'notrun' || status === 'excluded' || status === 'skipped'
}

/** The same for a test in one configuration, in whichever result it is. */
export function keyOf({ name, config }: Pick<TestResult, 'name' | 'config'>): string {
  return JSON.stringify([config ?? null, name])
}

/** A test as a line tells of it: "generic/001", in a run with several configurations "generic/001 (xfs_4k)". */
export function titleOf({ name, config }: Pick<TestResult, 'name' | 'config'>): string {
  return oneLine(config === undefined ? name : `${name} (${config})`, maxName)
}

/** The first tests by name: "generic/001, generic/002 and 3 more". */
export function titles(tests: string[], max = 5): string {
  const rest = tests.length - max
  return `${tests.slice(0, max).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** The attempt that a failure is told by: the first that ended as the test did, of a flaky one the first that failed. */
export function firstFailure({ status, attempts }: TestResult): Attempt | undefined {
  return attempts.find((attempt) => attempt.status === status) ?? attempts.find(hasFailed)
}

/** The file that says most about a failure: of a crash the console, else what the suite left. In the result folder. */
export function fileToRead({ status, files, vm }: Attempt, machines: SuiteMachine[]): string | undefined {
  const consoleLog = machines.find((machine) => machine.vm === vm)?.consoleLog
  if (status === 'crash' && consoleLog !== undefined) return consoleLog
  const endings = ['.out.bad', '.dmesg', '.full', '']
  const found = endings.map((ending) => files.find((file) => file.endsWith(ending)))
  return found.find((file) => file !== undefined) ?? consoleLog
}

/** At most so many subtests, in their order: those that failed before any other. */
export function mainSubtests(subtests: Subtest[], max = 200): Subtest[] {
  if (subtests.length <= max) return subtests
  const failed = subtests.filter(({ status }) => status === 'fail')
  const others = subtests.filter(({ status }) => status !== 'fail')
  const shown = new Set([...failed, ...others].slice(0, max))
  return subtests.filter((subtest) => shown.has(subtest))
}
