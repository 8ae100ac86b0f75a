import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RunResult } from '../../../src/report/result.js'
import { summary } from '../../../src/report/text.js'
import { results } from './results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

test.each(Object.entries(results))('%s as told to a person', async (name, result) => {
  await expect(summary(result)).toMatchFileSnapshot(join(golden, `${name}.txt`))
})

test('a pass without kernel reports is one line', () => {
  expect(summary({ ...(results.pass as RunResult), incidents: [] })).toBe(
    'pass  cephfs on 6.17.0-rc1+: 3 steps in 12 s\n',
  )
})

test('what stands out is marked by the style', () => {
  const marked = summary(results.crash as RunResult, { style: (format, text) => `<${format}>${text}</${format}>` })
  expect(marked).toMatch(/^<red>crash<\/red> {2}cephfs/)
  expect(marked).toContain('<dim> <TASK></dim>')
  expect(marked).toContain('<yellow>also warning: ')
})

test('the guest cannot reach the terminal through a reason or a report', () => {
  const incidents = [
    { kind: 'bug', title: 'BUG: \x1b[2Jx', lines: ['\x1b]0;x\x07BUG: y\r'], consoleLine: 1, fails: true },
  ]
  const text = summary({
    ...(results.crash as RunResult),
    incidents: [...incidents, ...incidents],
    verdict: { kind: 'crash', reason: '\x1b[31mBUG\x9b2J' },
  })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals act on these
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
})

test('many reports are counted, not all told', () => {
  const warning = { kind: 'warning', title: 'WARNING: at f', lines: [], consoleLine: 7, fails: false }
  const text = summary({ ...(results.pass as RunResult), incidents: Array.from({ length: 20 }, () => warning) })
  expect(text.match(/also warning/g)).toHaveLength(8)
  expect(text).toContain('also 12 more kernel reports\n')
})
