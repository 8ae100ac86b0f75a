import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { consoleLog } from '../../../src/plan/state-files.js'
import { pruneLogs } from '../../../src/runs/logs.js'
import { deadPid, recordVm } from '../../helpers/vm-records.js'

let state: string

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'rapido-logs-'))
  mkdirSync(join(state, 'logs'))
})

afterEach(() => rmSync(state, { recursive: true }))

/** A log of the run that began so many seconds into the day. */
function addLog(second: number, profile = 'simple'): string {
  const path = consoleLog(state, { startedAt: new Date(second * 1000), profile, number: 1 })
  writeFileSync(path, '')
  return path
}

const left = () => readdirSync(join(state, 'logs')).sort()

test('the newest stay, by the time of their run, whatever the profile is called', async () => {
  const logs = [addLog(5, 'a'), addLog(1, 'z'), addLog(3, 'b'), addLog(4, 'y'), addLog(2, 'c')]
  await pruneLogs(state, 2)
  expect(left()).toEqual([basename(logs[3] as string), basename(logs[0] as string)])
})

test.each([0, 1, 3])('%i may stay', async (keep) => {
  for (const second of [1, 2, 3]) addLog(second)
  await pruneLogs(state, keep)
  expect(left()).toHaveLength(keep)
})

test('fewer than may stay all stay', async () => {
  addLog(1)
  await pruneLogs(state, 50)
  expect(left()).toHaveLength(1)
})

test('the log of a VM that runs is never touched, and does not count', async () => {
  const running = addLog(1)
  recordVm(state, { number: 1, consoleLog: running })
  const past = [addLog(2), addLog(3), addLog(4)]
  await pruneLogs(state, 1)
  expect(left()).toEqual([basename(running), basename(past[2] as string)])
  await pruneLogs(state, 0)
  expect(left()).toEqual([basename(running)])
})

test('the log of a VM whose rapido was killed is a log of the past', async () => {
  recordVm(state, { number: 1, consoleLog: addLog(1), pid: deadPid() })
  await pruneLogs(state, 0)
  expect(left()).toEqual([])
})

test('what is no log of ours stays', async () => {
  writeFileSync(join(state, 'logs/notes.txt'), '')
  addLog(1)
  await pruneLogs(state, 0)
  expect(left()).toEqual(['notes.txt'])
})
