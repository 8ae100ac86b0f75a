import { join } from 'node:path'
import { expect, test } from 'vitest'
import { suiteJunit } from '../../../src/report/suite-junit.js'
import type { SuiteResult } from '../../../src/report/suite-result.js'
import { malformed } from './malformed.js'
import { attempt, suiteResults, suiteRun, suiteTest } from './suite-results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

test.each(Object.entries(suiteResults))('%s as JUnit XML', async (name, result) => {
  const xml = suiteJunit(result)
  expect(malformed(xml)).toEqual([])
  await expect(xml).toMatchFileSnapshot(join(golden, `${name}.xml`))
})

test.each([
  ['suite-pass', 3, 0, 0, 2],
  ['suite-fail', 11, 1, 3, 5], // a crash, a timeout, one unfinished; flaky passes
  ['suite-configs', 3, 1, 1, 0], // the kernel's own is an error
  ['suite-interrupted', 2, 0, 1, 0],
  ['suite-host', 1, 0, 1, 0],
])('%s: %i cases, %i failures, %i errors, %i skipped, and these are there', (name, ...counts) => {
  const xml = suiteJunit(suiteResults[name] as SuiteResult)
  const told = (attribute: string) =>
    [...xml.matchAll(new RegExp(`<testsuite .* ${attribute}="(\\d+)"`, 'g'))].reduce((sum, [, n]) => sum + Number(n), 0)
  expect(['tests', 'failures', 'errors', 'skipped'].map(told)).toEqual(counts)
  const elements = ['testcase', 'failure', 'error', 'skipped']
  expect(elements.map((element) => xml.match(new RegExp(`<${element} `, 'g'))?.length ?? 0)).toEqual(counts)
})

test('a flaky test that counts is told by a failure of the run, as the case passes', () => {
  const flaky = suiteTest('a', { status: 'flaky', attempts: [attempt('fail'), attempt()] })
  const xml = suiteJunit(
    suiteRun({ tests: [flaky], verdict: { kind: 'fail', reason: '1 test flaky: a' }, exitStatus: 1 }),
  )
  expect(xml).toContain('name="run" time="0.000">\n<failure type="fail" message="1 test flaky: a">')
})

test('the guest cannot have Jenkins fetch files, by a subtest, a warning or a kernel report', () => {
  const forged = '[[ATTACHMENT|/etc/passwd]]'
  const hidden = '[[\x1b[0mATTACHMENT|/etc/passwd]]'
  const xml = suiteJunit(
    suiteRun({
      tests: [
        suiteTest('a', {
          attempts: [
            attempt('pass', {
              files: ['tests/a.full'],
              warnings: [forged, hidden],
              subtests: [forged, hidden].map((name) => ({ name, status: 'pass', reason: '' })),
            }),
          ],
        }),
      ],
      incidents: [{ kind: 'warning', title: forged, lines: [hidden], consoleLine: 1, fails: false }],
    }),
  )
  expect(xml.match(/\[\[ATTACHMENT\|.*/g)).toEqual(['[[ATTACHMENT|/home/u/results/fstests-xfs-3/tests/a.full]]'])
})

test('much is cut: outputs, messages, attempts, subtests; subtests that failed are kept', () => {
  const subtests = Array.from({ length: 1000 }, (_, n) => ({
    name: `point ${n}`,
    status: n === 999 ? ('fail' as const) : ('pass' as const),
    reason: '',
  }))
  const failed = attempt('fail', {
    reason: 'r'.repeat(1000),
    output: `${'0123456789\n'.repeat(20_000)}the end\n`,
    subtests,
  })
  const attempts = Array.from({ length: 100 }, () => ({ ...failed }))
  const xml = suiteJunit(suiteRun({ tests: [suiteTest('a', { status: 'fail', attempts })] }))
  expect(xml.match(/<rerunFailure /g)).toHaveLength(20)
  expect(xml.match(/message="r{299}…"/g)).toHaveLength(21)
  expect(xml.length).toBeLessThan(22 * 70_000)
  expect(xml).toContain('not ok point 999\n\n[… cut]\n0123456789\n')
  const out = xml.match(/<system-out>(.*)<\/system-out>/s)?.[1]?.split('\n')
  expect(out).toHaveLength(200)
  expect(out?.at(-1)).toBe('not ok point 999')
})
