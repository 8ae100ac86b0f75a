import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSuiteJson, suiteJson } from '../../../src/report/suite-json.js'
import type { SuiteResult } from '../../../src/report/suite-result.js'
import { attempt, suiteResults, suiteRun, suiteTest } from './suite-results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

test.each(['suite-pass', 'suite-configs', 'suite-host'])('%s as JSON', async (name) => {
  await expect(suiteJson(suiteResults[name] as SuiteResult)).toMatchFileSnapshot(join(golden, `${name}.json`))
})

test.each(Object.entries(suiteResults))('%s is read as it was written', (_, result) => {
  const incidents = result.incidents.map((incident) => ({ ...incident, repeats: 0 }))
  expect(readSuiteJson(suiteJson(result))).toEqual({ ...result, incidents })
})

test('no field is ever left out', () => {
  const fields = (value: unknown): string[] =>
    value instanceof Object ? Object.entries(value).flatMap(([key, inner]) => [key, ...fields(inner)]) : []
  const bare = suiteRun({ tests: [suiteTest('a')] })
  const full = suiteRun({
    shard: '1/2',
    verdict: { kind: 'fail', reason: 'x' },
    tests: [suiteTest('a', { config: 'b', attempts: [attempt('pass', { subtests: [] })] })],
  })
  expect(fields(JSON.parse(suiteJson(bare)))).toEqual(fields(JSON.parse(suiteJson(full))))
})

test('an output that is too long is cut once, and stays as it is from then on', () => {
  const long = attempt('fail', { output: '0123456789\n'.repeat(20_000) })
  const once = suiteJson(suiteRun({ tests: [suiteTest('a', { status: 'fail', attempts: [long] })] }))
  expect(readSuiteJson(once).tests[0]?.attempts[0]?.output.length).toBeLessThanOrEqual(65_536)
  expect(suiteJson(readSuiteJson(once))).toBe(once)
})

const good = JSON.parse(suiteJson(suiteResults['suite-fail'] as SuiteResult))
const firstTest = good.tests[0]

test.each([
  ['"hello', /^not the results of a suite: Unterminated string/],
  ['[]', /^not the results of a suite: the document must be an object, not \[\]$/],
  ['null', /^not the results of a suite: the document must be an object, not null$/],
  ['{}', /^not the results of a suite: schemaVersion is missing$/],
  ['{"schemaVersion":1}', /^not the results of a suite: suite is missing$/],
  ['{"schemaVersion":2}', /^these results have schemaVersion 2; this rapido reads 1$/],
  [JSON.stringify({ ...good, shard: undefined }), /: shard is missing$/],
  [JSON.stringify({ ...good, startedAt: 'soon' }), /: startedAt must be a time, not "soon"$/],
  [JSON.stringify({ ...good, verdict: { kind: 'good', reason: null } }), /: verdict.kind must be one of pass, fail,/],
  [JSON.stringify({ ...good, tests: {} }), /: tests must be a list, not \{\}$/],
  [JSON.stringify({ ...good, tests: [{ ...firstTest, name: 1 }] }), /: tests\[0\].name must be text, not 1$/],
  [
    JSON.stringify({ ...good, tests: [{ ...firstTest, attempts: [{ ...firstTest.attempts[0], vm: null }] }] }),
    /: tests\[0\].attempts\[0\].vm must be a number, not null$/,
  ],
])('%.60s is told from results', (text, message) => {
  expect(() => readSuiteJson(text)).toThrow(message)
})
