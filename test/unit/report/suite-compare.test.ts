import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Change, compareSuites, comparisonText, type SuiteComparison } from '../../../src/report/suite-compare.js'
import type { SuiteResult, TestStatus } from '../../../src/report/suite-result.js'
import { attempt, suiteRun, suiteTest } from './suite-results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')
const lists = ['newlyFailing', 'newlyFlaky', 'newlyPassing', 'newlyNotRun', 'added', 'removed'] as const

/** A run with a test for each status, called a, b, c. */
function run(...statuses: (TestStatus | undefined)[]): SuiteResult {
  return suiteRun({
    tests: statuses.flatMap((status, index) =>
      status === undefined
        ? []
        : [suiteTest('abcdefghijkl'[index] as string, { status, reason: status === 'pass' ? '' : `a ${status}` })],
    ),
  })
}

function found(comparison: SuiteComparison): string[] {
  return lists.flatMap((list) => comparison[list].map(({ name }: Change) => `${list} ${name}`))
}

test.each<[TestStatus | undefined, TestStatus | undefined, string[]]>([
  ['pass', 'pass', []],
  ['pass', 'fail', ['newlyFailing a']],
  ['flaky', 'timeout', ['newlyFailing a']],
  ['notrun', 'crash', ['newlyFailing a']],
  ['fail', 'crash', ['newlyFailing a']], // fails worse
  ['crash', 'fail', []],
  ['fail', 'fail', []],
  ['pass', 'flaky', ['newlyFlaky a']],
  ['fail', 'flaky', []],
  ['timeout', 'pass', ['newlyPassing a']],
  ['flaky', 'pass', []],
  ['pass', 'notrun', ['newlyNotRun a']],
  ['fail', 'unfinished', ['newlyNotRun a']],
  ['pass', 'skipped', ['newlyNotRun a']],
  ['unfinished', 'notrun', []],
  [undefined, 'fail', ['added a']],
  ['fail', undefined, ['removed a']],
])('from %s to %s is %j', (before, after, expected) => {
  expect(found(compareSuites(run(before), run(after)))).toEqual(expected)
})

test('a configuration is a test of its own', () => {
  const inConfig = (config: string, status: TestStatus) => suiteTest('a', { config, status })
  const before = suiteRun({ tests: [inConfig('x', 'pass'), inConfig('y', 'fail')] })
  const after = suiteRun({ tests: [inConfig('x', 'fail'), inConfig('y', 'fail')] })
  expect(compareSuites(before, after).newlyFailing).toEqual([
    { name: 'a', config: 'x', before: 'pass', after: 'fail', reason: '' },
  ])
})

test.each<[number, number, TestStatus, boolean]>([
  [1000, 3001, 'pass', true],
  [1000, 3000, 'pass', false], // by 2 s, not by more
  [10_000, 20_000, 'pass', false], // twice, not more
  [10_000, 20_001, 'pass', true],
  [1000, 9000, 'fail', false],
])('from %i ms to %i ms, a %s: slower is %s', (beforeMs, afterMs, status, slower) => {
  const took = (durationMs: number, status: TestStatus) =>
    suiteRun({ tests: [suiteTest('a', { status, attempts: [attempt('pass', { durationMs })] })] })
  const comparison = compareSuites(took(beforeMs, 'pass'), took(afterMs, status))
  expect(comparison.slower).toEqual(slower ? [{ name: 'a', config: undefined, beforeMs, afterMs }] : [])
})

test('a comparison as told to a person', async () => {
  const before = run('pass', 'pass', 'fail', 'crash', 'pass', 'fail', 'pass')
  const after = { ...run('pass', 'fail', 'crash', 'pass', 'flaky', 'notrun', undefined, 'crash'), kernel: '6.18.0' }
  const slow = suiteTest('slow', { attempts: [attempt('pass', { durationMs: 125_000 })] })
  const comparison = compareSuites(
    { ...before, tests: [...before.tests, suiteTest('slow')] },
    { ...after, tests: [...after.tests, slow] },
  )
  await expect(comparisonText(comparison)).toMatchFileSnapshot(join(golden, 'suite-comparison.txt'))
})

test.each<[TestStatus | undefined, TestStatus, string]>([
  ['pass', 'pass', 'same  fstests-xfs on 6.17.0-rc1+, before 6.17.0-rc1+: no test differs\n'],
  ['pass', 'fail', '<red>worse</red>'],
  ['pass', 'flaky', '<red>worse</red>'],
  [undefined, 'crash', '<red>worse</red>'],
  ['fail', 'pass', '<green>better</green>'],
])('from %s to %s begins with %s', (before, after, start) => {
  const style = (format: string, text: string) => `<${format}>${text}</${format}>`
  const text = comparisonText(compareSuites(run(before), run(after)), { style })
  expect(text.slice(0, start.length)).toBe(start)
})

test('of a long list the first 20 are told', () => {
  const all = (status: TestStatus) =>
    suiteRun({ tests: Array.from({ length: 100 }, (_, n) => suiteTest(`t${n}`, { status, reason: '\x1b[2J' })) })
  const text = comparisonText(compareSuites(all('pass'), all('fail')))
  expect(text.match(/failed, before passed/g)).toHaveLength(20)
  expect(text).toMatch(/\n {4}… and 80 more\n$/)
  expect(text).not.toContain('\x1b')
})
