import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SuiteResult, TestResult, TestStatus } from '../../../src/report/suite-result.js'
import { suiteSummary } from '../../../src/report/suite-text.js'
import { attempt, suiteResults, suiteRun, suiteTest } from './suite-results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

test.each(Object.entries(suiteResults))('%s as told to a person', async (name, result) => {
  await expect(suiteSummary(result)).toMatchFileSnapshot(join(golden, `${name}.txt`))
})

test('what stands out is marked by the style', () => {
  const style = (format: string, text: string) => `<${format}>${text}</${format}>`
  const marked = suiteSummary(suiteResults['suite-fail'] as SuiteResult, { style })
  expect(marked).toMatch(/^<red>fail<\/red> {2}fstests-xfs/)
  expect(marked).toContain('<red>crash    </red>generic/270: ')
  expect(marked).toContain('<yellow>flaky    </yellow>generic/013: ')
})

test.each([
  [['a.full', 'a.dmesg', 'a.out.bad'], 'a.out.bad'],
  [['a.full', 'a.dmesg'], 'a.dmesg'],
  [['a.log', 'a.full'], 'a.full'],
  [['a.log'], 'a.log'],
  [[], 'vms/1.console'],
])('of the files %j of a test that failed, %s is to be read', (files, file) => {
  const failed = suiteTest('a', { status: 'fail', attempts: [attempt('fail', { files })] })
  expect(suiteSummary(suiteRun({ tests: [failed] }))).toContain(`fail     a: it was a fail (${file})\n`)
})

test('the most frequent reason not to run comes first', () => {
  const notrun = (reason: string) => suiteTest(reason, { status: 'notrun', reason })
  const text = suiteSummary(suiteRun({ tests: ['b', 'a', 'a', 'c', 'a', 'c'].map(notrun) }))
  expect(text).toContain('  6 not run:\n       3  a\n       2  c\n       1  b\n')
})

test('the guest cannot reach the terminal, and no line is endless', () => {
  const nasty = `\x1b]0;x\x07\x1b[2J\x9b2Ja\r\nb${'c'.repeat(5000)}`
  const statuses: TestStatus[] = ['crash', 'timeout', 'fail', 'flaky', 'notrun', 'excluded', 'unfinished']
  const text = suiteSummary(
    suiteRun({
      profile: nasty,
      kernel: nasty,
      shard: nasty,
      verdict: { kind: 'interrupted', reason: nasty },
      tests: statuses.map((status) =>
        suiteTest(`${status} ${nasty}`, {
          status,
          reason: nasty,
          attempts: [attempt('fail', { reason: nasty, warnings: [nasty], files: [nasty] }), attempt()],
        }),
      ),
      incidents: [{ kind: 'bug', title: nasty, lines: [], consoleLine: 1, fails: true }],
      missing: [{ program: nasty, tests: [nasty], provider: nasty }],
      notes: [nasty],
      folder: '\x1b[2J/f',
    }),
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals act on these
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(1500)
})

test('a run of thousands of tests is told in 60 lines, and every kind of thing is there', () => {
  const statuses: TestStatus[] = [
    'pass',
    'fail',
    'crash',
    'timeout',
    'flaky',
    'notrun',
    'excluded',
    'skipped',
    'unfinished',
  ]
  const tests = Array.from({ length: 5000 }, (_, n): TestResult => {
    const status = statuses[n % statuses.length] as TestStatus
    const warnings = [`WARNING: ${n}`]
    return suiteTest(`generic/${n}`, {
      status,
      reason: `reason ${n}`,
      attempts: [attempt('fail', { warnings }), attempt()],
    })
  })
  const incident = { kind: 'bug', title: 'BUG', lines: [], consoleLine: 1 }
  const many = <T>(one: (n: number) => T) => Array.from({ length: 50 }, (_, n) => one(n))
  const text = suiteSummary(
    suiteRun({
      tests,
      verdict: { kind: 'interrupted', reason: 'a\nb\nc\nd' },
      incidents: many((n) => ({ ...incident, fails: n === 30 })).map((one) => ({ ...one, fails: false })),
      missing: many((n) => ({ program: `p${n}`, tests: ['a'], provider: '' })),
      notes: many((n) => `note ${n}`),
    }),
  )
  const lines = text.trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(60)
  expect(lines.length).toBeGreaterThan(55) // or this test does not show the most there can be
  for (const word of ['crash', 'timeout', 'fail', 'flaky', 'missing', 'warning', 'kernel'])
    expect(text).toMatch(new RegExp(`^  ${word} `, 'm'))
})
