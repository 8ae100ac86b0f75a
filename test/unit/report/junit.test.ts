import { join } from 'node:path'
import { expect, test } from 'vitest'
import { junit } from '../../../src/report/junit.js'
import type { RunResult } from '../../../src/report/result.js'
import { malformed } from './malformed.js'
import { results } from './results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

test.each(Object.entries(results))('%s as JUnit XML', async (name, result) => {
  const xml = junit(result)
  expect(malformed(xml)).toEqual([])
  await expect(xml).toMatchFileSnapshot(join(golden, `${name}.xml`))
})

test.each([
  ['pass', 0, 0],
  ['fail', 1, 0], // the guest's own doing
  ['crash', 0, 1],
  ['crash-after-all-steps', 2, 1],
  ['timeout', 0, 1],
  ['interrupted', 0, 1],
  ['host', 0, 1],
])('%s has %i failures and %i errors', (name, failures, errors) => {
  const xml = junit(results[name] as RunResult)
  expect([xml.match(/<failure /g)?.length ?? 0, xml.match(/<error /g)?.length ?? 0]).toEqual([failures, errors])
  expect(xml.match(/<testsuite .*/)?.[0]).toContain(`failures="${failures}" errors="${errors}"`)
})

test('of a long output the end is told', () => {
  const step = { name: 'seq', status: 0, durationMs: 1, stdout: `${'0123456789\n'.repeat(20_000)}the end\n` }
  const xml = junit({ ...(results.pass as RunResult), steps: [step], incidents: [] })
  expect(xml.length).toBeLessThan(70_000)
  expect(xml).toContain('<system-out>[… cut]\n0123456789\n')
  expect(xml).toContain('the end\n</system-out>')
})

test('a document that is not well-formed is told as such', () => {
  expect(malformed('<a b="1<2"><c>&</d></a>\x01')).toHaveLength(5)
})
