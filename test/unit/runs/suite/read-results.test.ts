import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { suiteJson } from '../../../../src/report/suite-json.js'
import { movedTo, readResultFile, readResults } from '../../../../src/runs/suite/read-results.js'
import type { RunRecord } from '../../../../src/runs/suite/result-folder.js'
import { attempt, suiteRun, suiteTest } from '../../report/suite-results.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-read-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const run: Partial<RunRecord> = {
  schemaVersion: 1,
  suite: 'fstests',
  profile: 'fstests-xfs',
  kernel: '6.17.0',
  startedAt: '2026-11-21T10:00:00.000Z',
  tests: ['a', 'b', 'c'].map((name) => ({ name, config: undefined })),
  notes: [],
}

test('a run that has ended is its results.json, in the folder where it is now', () => {
  const result = suiteRun({ tests: [suiteTest('a')], folder: '/where/it/was' })
  writeFileSync(join(folder, 'results.json'), suiteJson(result))
  expect(readResults(folder)).toEqual({ ...result, folder })
})

test('of a run that goes on, or was cut short, there is what has finished', () => {
  writeFileSync(join(folder, 'run.json'), JSON.stringify(run))
  const lines = [attempt(), attempt('fail', { reason: 'r' })].map((had, index) => ({ name: 'ab'[index], ...had }))
  writeFileSync(join(folder, 'results.jsonl'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"name":"c`)
  const { tests, verdict, profile } = readResults(folder)
  expect(tests.map(({ name, status }) => [name, status])).toEqual([
    ['a', 'pass'],
    ['b', 'fail'],
    ['c', 'unfinished'],
  ])
  expect([profile, verdict.kind]).toEqual(['fstests-xfs', 'fail'])
})

test.each<[string, string | undefined, RegExp]>([
  ['nothing', undefined, /^\/.* holds no results of rapido: ENOENT/],
  ['a results.json of somebody else', '{}', /^cannot read \/.*\/results.json: not the results of a suite/],
  ['one that was cut', '{"schemaVersion":1,', /^cannot read \/.*\/results.json: not the results of a suite/],
])('a folder with %s is refused', (_, json, message) => {
  if (json !== undefined) writeFileSync(join(folder, 'results.json'), json)
  expect(() => readResults(folder)).toThrow(message)
})

test('a file that is not there is told by its path', () => {
  expect(() => readResultFile('/nosuch/results.json')).toThrow('cannot read /nosuch/results.json: ENOENT')
})

test('files of joined results are named from the folder of the joint', () => {
  const result = suiteRun({
    folder: '/r/shards/1',
    tests: [suiteTest('a', { attempts: [attempt('fail', { files: ['tests/a.full', 'tests/a.dmesg'] })] })],
    machines: [
      { vm: 1, consoleLog: 'vms/1.console', end: '' },
      { vm: 2, consoleLog: '', end: '' },
    ],
  })
  const moved = movedTo('/r/all', result)
  expect(moved.folder).toBe('/r/all')
  expect(moved.tests[0]?.attempts[0]?.files).toEqual(['../shards/1/tests/a.full', '../shards/1/tests/a.dmesg'])
  expect(moved.machines.map(({ consoleLog }) => consoleLog)).toEqual(['../shards/1/vms/1.console', ''])
  expect(movedTo('/r/shards/1', result)).toEqual(result)
})

test('a console that could be kept nowhere else keeps its path', () => {
  const result = suiteRun({ folder: '/r/1', machines: [{ vm: 1, consoleLog: '/state/logs/1.log', end: '' }] })
  expect(movedTo('/r/all', result).machines[0]?.consoleLog).toBe('/state/logs/1.log')
})
