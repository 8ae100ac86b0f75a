import { join } from 'node:path'
import { expect, test } from 'vitest'
import { json } from '../../../src/report/json.js'
import type { RunResult } from '../../../src/report/result.js'
import { results } from './results.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

test.each(['fail', 'crash', 'host'])('%s as JSON', async (name) => {
  await expect(json(results[name] as RunResult)).toMatchFileSnapshot(join(golden, `${name}.json`))
})

test('every verdict has the same fields in the same order', () => {
  const fields = Object.values(results).map((result) => Object.keys(JSON.parse(json(result))).join(' '))
  expect(new Set(fields)).toEqual(
    new Set([
      'schemaVersion profile kernel vm verdict exitStatus startedAt durationMs steps incidents consoleLog machines notes kept timing',
    ]),
  )
})

test('the phases of a run are in milliseconds from its start', () => {
  const timing = [{ name: 'kernel', startMs: 300, durationMs: 1400.5 }]
  expect(JSON.parse(json({ ...(results.fail as RunResult), timing })).timing).toEqual(timing)
  expect(JSON.parse(json(results.fail as RunResult)).timing).toBeNull()
})
