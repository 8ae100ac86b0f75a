import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../../../src/cli/main.js'
import { readSuiteJson, suiteJson } from '../../../../src/report/suite-json.js'
import type { SuiteResult } from '../../../../src/report/suite-result.js'
import type { RunRecord } from '../../../../src/runs/suite/result-folder.js'
import { memoryIo } from '../../../helpers/memory-io.js'
import { attempt, suiteRun, suiteTest } from '../../report/suite-results.js'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rapido-report-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

async function report(...args: string[]) {
  const io = memoryIo({ cwd })
  const status = await main(['report', ...args], io)
  return { status, out: io.out(), err: io.err() }
}

/** A folder with the results of a run that has ended. */
function finished(name: string, result: Partial<SuiteResult>): void {
  mkdirSync(join(cwd, name), { recursive: true })
  writeFileSync(join(cwd, name, 'results.json'), suiteJson(suiteRun({ ...result, folder: join(cwd, name) })))
}

const passed = suiteTest('generic/001')
const failed = suiteTest('generic/002', {
  status: 'fail',
  reason: 'output mismatch',
  attempts: [attempt('fail', { reason: 'output mismatch', files: ['tests/generic/002.out.bad'] })],
})
const failure = { verdict: { kind: 'fail', reason: '1 test failed' }, exitStatus: 1 } as const

describe('show', () => {
  test('of a run that has ended is its summary, and its exit status', async () => {
    finished('run', { tests: [passed, failed], ...failure })
    const { status, out, err } = await report('show', 'run')
    expect([status, out]).toEqual([1, ''])
    expect(err).toMatch(/generic\/002.*output mismatch/)
    expect((await report('show', join(cwd, 'run'))).status).toBe(1)
  })

  test('of a run that goes on tells what there is, and changes nothing', async () => {
    const run: Partial<RunRecord> = {
      schemaVersion: 1,
      suite: 'fstests',
      profile: 'fstests-xfs',
      kernel: '6.17.0',
      startedAt: new Date().toISOString(),
      tests: ['generic/001', 'generic/002'].map((name) => ({ name, config: undefined })),
      notes: [],
    }
    mkdirSync(join(cwd, 'run'))
    writeFileSync(join(cwd, 'run/run.json'), JSON.stringify(run))
    writeFileSync(join(cwd, 'run/results.jsonl'), `${JSON.stringify({ name: 'generic/001', ...attempt() })}\n`)
    const { status, err } = await report('show', 'run')
    expect(status).toBe(1)
    expect(err).toMatch(/1 unfinished: generic\/002/)
    expect(readdirSync(join(cwd, 'run')).sort()).toEqual(['results.jsonl', 'run.json'])
  })

  test('writes the reports that are asked for', async () => {
    finished('run', { tests: [passed] })
    const { status, out } = await report('show', 'run', '--junit', 'j.xml', '--tap', '-', '--json', 'r.json')
    expect(status).toBe(0)
    expect(out).toMatch(/^TAP version 14\n/)
    expect(readFileSync(join(cwd, 'j.xml'), 'utf8')).toContain('<testcase')
    expect(readSuiteJson(readFileSync(join(cwd, 'r.json'), 'utf8')).tests).toEqual([passed])
  })

  test.each<[string, SuiteResult['tests'][number]['attempts'], number, number]>([
    ['a test that crashed', [attempt('crash')], 1, 4],
    ['a test that hung', [attempt('timeout')], 1, 5],
    ['a flaky test', [attempt('fail'), attempt()], 0, 1],
  ])('%s is judged anew with --strict', async (_, attempts, usual, strictly) => {
    const status = attempts.length > 1 ? 'flaky' : (attempts[0]?.status ?? 'pass')
    finished('run', { tests: [suiteTest('generic/001', { status, attempts })] })
    expect((await report('show', 'run')).status).toBe(usual)
    expect((await report('show', 'run', '--strict')).status).toBe(strictly)
  })

  test('a run that its host or its user ended stays that, whatever its tests say', async () => {
    finished('run', { tests: [passed], verdict: { kind: 'host', reason: 'no space left' }, exitStatus: 3 })
    expect((await report('show', 'run')).status).toBe(3)
  })
})

describe('merge', () => {
  test('joins shards to one run, whose files are named from its folder', async () => {
    finished('shards/1', { tests: [passed], shard: '1/2' })
    finished('shards/2', { tests: [failed], shard: '2/2', ...failure })
    const { status, err } = await report('merge', 'shards/1', 'shards/2', '--results', 'all')
    expect(status).toBe(1)
    expect(err).toContain('generic/002')
    expect(readdirSync(join(cwd, 'all')).sort()).toEqual(['junit.xml', 'results.json', 'results.tap', 'summary.txt'])
    const all = readSuiteJson(readFileSync(join(cwd, 'all/results.json'), 'utf8'))
    expect(all.tests.map(({ name }) => name)).toEqual(['generic/001', 'generic/002'])
    expect(all.tests[1]?.attempts[0]?.files).toEqual(['../shards/2/tests/generic/002.out.bad'])
    expect(all.machines.map(({ vm, consoleLog }) => [vm, consoleLog])).toEqual([
      [1, '../shards/1/vms/1.console'],
      [2, '../shards/2/vms/1.console'],
    ])
    expect([all.shard, all.folder]).toEqual([undefined, join(cwd, 'all')])
    expect((await report('show', 'all')).status).toBe(1)
  })

  test('of shards that are not all there fails, and says which', async () => {
    for (const number of [1, 3])
      finished(`${number}`, { tests: [suiteTest(`generic/00${number}`)], shard: `${number}/4` })
    const { status, err } = await report('merge', '1', '3', '--results', 'some')
    expect([status, err]).toEqual([1, expect.stringContaining('2 shards missing: 2/4, 4/4')])
    for (const number of [2, 4])
      finished(`${number}`, { tests: [suiteTest(`generic/00${number}`)], shard: `${number}/4` })
    expect((await report('merge', 'some', '2', '4')).status).toBe(0)
  })

  test('without --results only tells', async () => {
    finished('1', { tests: [passed] })
    finished('2', { tests: [suiteTest('generic/003')] })
    expect((await report('merge', '1', '2')).status).toBe(0)
    expect(readdirSync(cwd).sort()).toEqual(['1', '2'])
  })

  test('a rerun that passed makes a failure flaky', async () => {
    finished('1', { tests: [failed], ...failure })
    finished('2', { tests: [suiteTest('generic/002')] })
    expect((await report('merge', '1', '2')).status).toBe(0)
    expect((await report('merge', '1', '2', '--strict')).status).toBe(1)
  })

  test.each<[string, Partial<SuiteResult>, RegExp]>([
    [
      'suites',
      { suite: 'kselftest' },
      /these cannot be joined: results of one suite can be merged.*fstests, kselftest/,
    ],
    ['profiles', { profile: 'fstests-ext4' }, /these cannot be joined: results of one profile.*fstests-ext4/],
  ])('two %s are refused, and nothing is written', async (_, other, message) => {
    finished('1', { tests: [passed] })
    finished('2', { tests: [passed], ...other })
    const { status, err } = await report('merge', '1', '2', '--results', 'all')
    expect([status, readdirSync(cwd).sort()]).toEqual([2, ['1', '2']])
    expect(err).toMatch(message)
  })
})

test('compare tells what became worse, on stdout, and is no verdict', async () => {
  finished('before', { tests: [passed, suiteTest('generic/002')] })
  finished('after', { tests: [passed, failed], ...failure, kernel: '6.18.0' })
  const { status, out, err } = await report('compare', 'before', 'after')
  expect([status, err]).toEqual([0, ''])
  expect(out).toMatch(/^worse .*6\.18\.0.*: 1 newly failing\n/)
  expect(out).toContain('generic/002: failed, before passed: output mismatch')
})

test.each<[string[], RegExp]>([
  [['show'], /report show: name a folder with results/],
  [['show', 'a', 'b'], /report show: name a folder with results/],
  [['merge'], /report merge: name a folder with results/],
  [['compare', 'a'], /report compare: name two folders, BEFORE and AFTER/],
  [['compare', 'a', 'b', 'c'], /report compare: name two folders, BEFORE and AFTER/],
  [['show', 'nosuch'], /nosuch holds no results of rapido: ENOENT/],
  [['frobnicate', 'a'], /show.*merge.*compare/s],
])('report %j is wrong usage', async (args, message) => {
  const { status, out, err } = await report(...args)
  expect(err).toMatch(message)
  expect([status, out]).toEqual([2, ''])
})
