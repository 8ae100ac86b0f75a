import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SuiteResult } from '../../../src/report/suite-result.js'
import { suiteTap } from '../../../src/report/suite-tap.js'
import { attempt, suiteResults, suiteRun, suiteTest } from './suite-results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

test.each(Object.entries(suiteResults))('%s as TAP', async (name, result) => {
  await expect(suiteTap(result)).toMatchFileSnapshot(join(golden, `${name}.tap`))
})

test.each(['suite-pass', 'suite-fail', 'suite-configs', 'suite-interrupted'])(
  '%s: the plan is kept, and points are numbered',
  (name) => {
    const tap = suiteTap(suiteResults[name] as SuiteResult)
    const numbers = [...tap.matchAll(/^(?:not )?ok (\d+) - /gm)].map(([, number]) => Number(number))
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(tap).toContain(`TAP version 14\n1..${numbers.length}\n`)
  },
)

test('a host that could not run any test bails out, and has no plan that would be a skipped run', () => {
  const tap = suiteTap(suiteRun({ verdict: { kind: 'host', reason: 'no qemu' }, exitStatus: 3 }))
  expect(tap).toBe('TAP version 14\nBail out! no qemu\n')
})

test.each([
  ['a # SKIP b', 'ok 1 - a \\# SKIP b # time=3.2s'],
  ['a \\# b', 'ok 1 - a \\\\\\# b # time=3.2s'],
  ['a\nnot ok 2 - b', 'ok 1 - a not ok 2 - b # time=3.2s'],
])('a test called %j is no directive and no other point', (name, point) => {
  expect(suiteTap(suiteRun({ tests: [suiteTest(name)] }))).toBe(`TAP version 14\n1..1\n${point}\n`)
})

test('a reason is one string of YAML, whatever is in it', () => {
  const reason = 'a "b": \\ # c\n  ...\nok 2'
  const tap = suiteTap(suiteRun({ tests: [suiteTest('a', { status: 'fail', reason, attempts: [attempt('fail')] })] }))
  expect(tap.split('\n').slice(3)).toEqual([
    '  ---',
    '  status: "fail"',
    '  reason: "a \\"b\\": \\\\ # c ... ok 2"',
    '  ...',
    '',
  ])
})

test('of many subtests 200 are told, and those that failed among them', () => {
  const subtests = Array.from({ length: 500 }, (_, n) => ({
    name: `point ${n}`,
    status: n === 499 ? ('fail' as const) : ('pass' as const),
    reason: '',
  }))
  const failed = suiteTest('a', { status: 'fail', attempts: [attempt('fail', { subtests })] })
  const tap = suiteTap(suiteRun({ tests: [failed] }))
  expect(tap).toContain('\n    1..200\n    ok 1 - point 0\n')
  expect(tap).toContain('\n    not ok 200 - point 499\nnot ok 1 - a\n')
})
