import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepTimes, readTimes, timesFile } from '../../../../src/runs/suite/past-times.js'

let root: string
let file: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-times-'))
  file = timesFile(root, 'fstests-xfs')
})
afterEach(() => rmSync(root, { recursive: true }))

test('they are kept by profile', () => {
  expect(timesFile('/s', 'fstests-xfs')).toBe('/s/suites/fstests-xfs.times.json')
})

test('what was kept is read; a later time stands over an earlier one, and others stay', async () => {
  await keepTimes(
    file,
    new Map([
      ['generic/001', 3000],
      ['v4:generic/001', 4000],
    ]),
  ) // prettier-ignore
  await keepTimes(file, new Map([['generic/001', 5000]]))
  expect([...readTimes(file)]).toEqual([
    ['generic/001', 5000],
    ['v4:generic/001', 4000],
  ])
  expect(readdirSync(join(root, 'suites'))).toEqual(['fstests-xfs.times.json'])
})

test('a run that timed nothing leaves nothing', async () => {
  await keepTimes(file, new Map())
  expect(readdirSync(root)).toEqual([])
})

test.each([
  ['no file', undefined],
  ['an empty one', ''],
  ['something else', '[['],
  ['null', 'null'],
  ['values that are no times', '{"a":"1","b":null,"c":[2]}'],
])('%s is no times', (_, text) => {
  mkdirSync(join(root, 'suites'))
  if (text !== undefined) writeFileSync(file, text)
  expect([...readTimes(file)]).toEqual([])
})
