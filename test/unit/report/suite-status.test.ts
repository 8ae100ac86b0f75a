import { expect, test } from 'vitest'
import { exitStatus } from '../../../src/errors.js'
import type { AttemptStatus, TestResult, TestStatus } from '../../../src/report/suite-result.js'
import { statusOf, suiteVerdict, verdictStatus } from '../../../src/report/suite-status.js'
import { attempt, suiteTest } from './suite-results.js'

const tries: [AttemptStatus[], TestStatus, string][] = [
  [[], 'unfinished', 'the run ended before it'],
  [['pass', 'pass'], 'pass', ''],
  [['notrun', 'notrun'], 'notrun', 'it was a notrun'],
  [['fail', 'fail'], 'fail', 'it was a fail'],
  [['pass', 'crash', 'pass', 'fail', 'pass'], 'flaky', 'failed 2 of 5: it was a crash'],
  [['notrun', 'pass', 'timeout'], 'flaky', 'failed 1 of 2: it was a timeout'],
  [['notrun', 'pass'], 'pass', ''],
  [['fail', 'notrun'], 'fail', 'it was a fail'],
  [['fail', 'timeout'], 'timeout', 'it was a timeout'],
  [['timeout', 'crash', 'fail'], 'crash', 'it was a crash'],
]

test.each(tries)('%j comes to %s', (statuses, status, reason) => {
  expect(statusOf(statuses.map((one) => attempt(one)))).toEqual({ status, reason })
})

test('of attempts that failed alike the first tells why', () => {
  expect(statusOf([attempt('fail', { reason: 'a' }), attempt('fail', { reason: 'b' })]).reason).toBe('a')
})

function testsOf(statuses: TestStatus[]): TestResult[] {
  return statuses.map((status, index) => suiteTest(`generic/00${index + 1}`, { status }))
}

const lax: [TestStatus[], number, string | undefined][] = [
  [[], 0, undefined],
  [['pass', 'flaky', 'notrun', 'excluded', 'skipped'], 0, undefined],
  [['fail'], 1, '1 test failed: generic/001'],
  [
    ['crash', 'fail', 'pass', 'fail', 'timeout'],
    1,
    '2 tests failed, 1 crashed, 1 timed out: generic/002, generic/004, generic/001, generic/005',
  ],
  [['unfinished', 'unfinished'], 1, '2 tests unfinished: generic/001, generic/002'],
  [
    ['fail', 'fail', 'fail', 'fail', 'fail', 'fail'],
    1,
    '6 tests failed: generic/001, generic/002, generic/003, generic/004, generic/005, …',
  ],
]

test.each(lax)('%j ends with status %i', (statuses, exit, reason) => {
  const verdict = reason === undefined ? { kind: 'pass' } : { kind: 'fail', reason }
  expect(suiteVerdict(testsOf(statuses), { strict: false, incidents: [] })).toEqual({ verdict, exitStatus: exit })
})

const strict: [TestStatus[], number, string, string?][] = [
  [['pass', 'notrun', 'excluded', 'skipped'], 0, 'pass'],
  [['flaky'], 1, 'fail', '1 test flaky: generic/001'],
  [['unfinished'], 1, 'fail', '1 test unfinished: generic/001'],
  [['fail', 'timeout'], 5, 'timeout', '1 test timed out, 1 failed: generic/002, generic/001'],
  [
    ['fail', 'timeout', 'crash'],
    4,
    'crash',
    '1 test crashed, 1 timed out, 1 failed: generic/003, generic/002, generic/001',
  ],
]

test.each(strict)('with strict, %j ends with status %i', (statuses, exit, kind, reason) => {
  const verdict = reason === undefined ? { kind } : { kind, reason }
  expect(suiteVerdict(testsOf(statuses), { strict: true, incidents: [] })).toEqual({ verdict, exitStatus: exit })
})

test('a kernel report outside of any test that counts is a crash, also when tests only failed', () => {
  const incident = { kind: 'oops', title: 'Oops: 0000', lines: [], consoleLine: 1, fails: true }
  expect(suiteVerdict(testsOf(['fail']), { strict: false, incidents: [incident] })).toEqual({
    verdict: { kind: 'crash', reason: 'Oops: 0000, outside of any test; 1 test failed: generic/001' },
    exitStatus: 4,
  })
  const uncounted = { ...incident, fails: false }
  expect(suiteVerdict(testsOf(['pass']), { strict: true, incidents: [uncounted] }).exitStatus).toBe(0)
})

test('a test that was left alone after it crashed the guest is no pass', () => {
  const left = suiteTest('generic/270', { status: 'skipped', attempts: [attempt('crash'), attempt('crash')] })
  expect(suiteVerdict([left], { strict: false, incidents: [] })).toEqual({
    verdict: { kind: 'fail', reason: '1 test crashed: generic/270' },
    exitStatus: 1,
  })
})

test('the exit statuses are those of errors.ts', () => {
  const { success, guest, host, crash, timeout, interrupted } = exitStatus
  expect(verdictStatus).toEqual({ pass: success, fail: guest, host, crash, timeout, interrupted })
})
