import { expect, test } from 'vitest'
import type { Verdict } from '../../../src/report/result.js'
import { mergeSuites, missingShards } from '../../../src/report/suite-merge.js'
import { attempt, suiteRun, suiteTest } from './suite-results.js'

const at = (minute: number) => `2026-11-21T10:${minute}:00.000Z`

test('tests of shards come by configuration and name, as plain text', () => {
  const shards = [
    suiteRun({ tests: [suiteTest('generic/002'), suiteTest('Xfs/1'), suiteTest('a', { config: 'z' })] }),
    suiteRun({ tests: [suiteTest('generic/001'), suiteTest('generic/10'), suiteTest('b', { config: 'Y' })] }),
  ]
  expect(mergeSuites(shards).tests.map(({ config, name }) => [config, name])).toEqual([
    [undefined, 'Xfs/1'],
    [undefined, 'generic/001'],
    [undefined, 'generic/002'],
    [undefined, 'generic/10'],
    ['Y', 'b'],
    ['z', 'a'],
  ])
})

test('a test of several results has all attempts by time, and what they come to', () => {
  const failed = suiteTest('a', { status: 'fail', attempts: [attempt('fail', { startedAt: at(50) })] })
  const passed = suiteTest('a', { attempts: [attempt('pass', { startedAt: at(40) })] })
  const other = suiteTest('a', { config: 'x' })
  const [merged, apart] = mergeSuites([suiteRun({ tests: [failed] }), suiteRun({ tests: [passed, other] })]).tests
  expect(merged).toMatchObject({ status: 'flaky', reason: 'failed 1 of 2: it was a fail' })
  expect(merged?.attempts.map(({ startedAt }) => startedAt)).toEqual([at(40), at(50)])
  expect(apart).toMatchObject({ config: 'x', status: 'pass', attempts: [{ status: 'pass' }] })
})

test('a test that one result did not get to is what the other says', () => {
  const unfinished = suiteTest('a', { status: 'unfinished', reason: 'the run ended before it', attempts: [] })
  const excluded = suiteTest('a', { status: 'excluded', reason: 'line 3', attempts: [] })
  const merged = (...tests: (typeof excluded)[]) => mergeSuites(tests.map((one) => suiteRun({ tests: [one] }))).tests
  expect(merged(unfinished, excluded)).toEqual([excluded])
  expect(merged(unfinished, suiteTest('a'))).toMatchObject([
    { status: 'pass', reason: '', attempts: [attempt('pass', { vm: 2 })] },
  ])
  expect(merged(unfinished, unfinished)).toEqual([unfinished])
})

test('a test that ran although it is left out may fail, unless it failed where it was not', () => {
  const excused = suiteTest('a', { status: 'excluded', reason: 'r; it still fails', attempts: [attempt('fail')] })
  const leftOut = suiteTest('a', { status: 'excluded', reason: 'r', attempts: [] })
  const failed = suiteTest('a', { status: 'fail', attempts: [attempt('fail')] })
  const merged = (...tests: (typeof failed)[]) => mergeSuites(tests.map((one) => suiteRun({ tests: [one] }))).tests[0]
  expect(merged(excused)).toEqual(excused)
  expect(merged(leftOut, excused)).toMatchObject({ status: 'excluded', reason: 'r; it still fails' })
  expect(merged(excused, suiteTest('a'))).toMatchObject({ status: 'excluded', attempts: [{}, {}] })
  expect(merged(excused, failed)).toMatchObject({ status: 'fail', attempts: [{}, {}] })
  expect(merged(leftOut, failed)).toMatchObject({ status: 'fail' })
})

test.each([
  [['1/2', '2/2'], undefined],
  [['2/2', '1/2'], undefined],
  [['1/2', '1/2'], '1/2'],
  [['3/4', '1/4'], '1/4+3/4'],
  [['10/12', '9/12'], '9/12+10/12'],
  [['1/4+3/4', '2/4', '4/4'], undefined],
  [['1/2', '2/3'], '1/2+2/3'],
  [['1/2', undefined], '1/2'],
  [[undefined, undefined], undefined],
])('shards %j are %s', (shards, shard) => {
  expect(mergeSuites(shards.map((one) => suiteRun({ shard: one }))).shard).toBe(shard)
})

test.each<[Verdict['kind'][], Verdict['kind']]>([
  [['pass', 'pass'], 'pass'],
  [['fail', 'pass'], 'fail'],
  [['fail', 'timeout'], 'timeout'],
  [['crash', 'timeout'], 'crash'],
  [['host', 'crash'], 'host'],
  [['host', 'interrupted', 'fail'], 'interrupted'],
])('of the verdicts %j %s is the worst', (kinds, kind) => {
  const verdictOf = (kind: Verdict['kind']): Verdict => (kind === 'pass' ? { kind } : { kind, reason: `it is ${kind}` })
  const results = kinds.map((kind) => suiteRun({ verdict: verdictOf(kind), exitStatus: kind.length }))
  expect(mergeSuites(results)).toMatchObject({ verdict: verdictOf(kind), exitStatus: kind.length })
})

test('equal verdicts tell each of their reasons', () => {
  const failed = (reason: string) => suiteRun({ verdict: { kind: 'fail', reason }, exitStatus: 1 })
  expect(mergeSuites([failed('a'), failed('b'), failed('a')]).verdict).toEqual({ kind: 'fail', reason: 'a; b' })
})

test('it took from the first start to the last end', () => {
  const merged = mergeSuites([
    suiteRun({ startedAt: at(50), durationMs: 60_000 }),
    suiteRun({ startedAt: at(40), durationMs: 120_000 }),
  ])
  expect(merged).toMatchObject({ startedAt: at(40), durationMs: 660_000 })
})

test('VMs that had one number have two, and attempts still name theirs', () => {
  const shard = (end: string) =>
    suiteRun({
      tests: [suiteTest(end, { attempts: [attempt('pass', { vm: 2 })] })],
      machines: [1, 2].map((vm) => ({ vm, consoleLog: `vms/${vm}.console`, end })),
    })
  const { machines, tests } = mergeSuites([shard('a'), shard('b')])
  expect(machines.map(({ vm }) => vm)).toEqual([1, 2, 3, 4])
  const ofB = tests.find(({ name }) => name === 'b')?.attempts[0]?.vm
  expect(machines.find(({ vm }) => vm === ofB)).toMatchObject({ consoleLog: 'vms/2.console', end: 'b' })
})

test('what else results know is joined, and told once', () => {
  const warning = { kind: 'warning', title: 'WARNING', lines: [], consoleLine: 1, fails: false }
  const merged = mergeSuites([
    suiteRun({
      notes: ['x'],
      incidents: [warning],
      missing: [{ program: 'fio', tests: ['a'], provider: '' }],
      folder: '/r/1',
    }),
    suiteRun({
      kernel: '6.18.0',
      notes: ['x', 'y'],
      incidents: [warning],
      missing: [{ program: 'fio', tests: ['a', 'b'], provider: 'apt-get install fio' }],
      folder: '/r/2',
    }),
  ])
  expect(merged).toMatchObject({
    kernel: '6.17.0-rc1+, 6.18.0',
    notes: ['x', 'y', 'the files are in /r/1, /r/2'],
    incidents: [warning, warning],
    missing: [{ program: 'fio', tests: ['a', 'b'], provider: 'apt-get install fio' }],
    folder: '/r/1',
  })
})

test('one result stays as it is, but for the order of its tests', () => {
  const one = suiteRun({ startedAt: at(40), tests: [suiteTest('a'), suiteTest('b')] })
  expect(mergeSuites([one])).toEqual(one)
})

test.each([
  [[], 'there are no results to merge'],
  [
    [suiteRun(), suiteRun({ suite: 'kselftest' })],
    'results of one suite can be merged, and these are of 2: fstests, kselftest',
  ],
  [
    [suiteRun(), suiteRun({ profile: 'fstests-btrfs' })],
    'results of one profile can be merged, and these are of 2: fstests-xfs, fstests-btrfs',
  ],
])('what does not belong together is not merged (%#)', (results, message) => {
  expect(() => mergeSuites(results)).toThrow(message)
})

test.each<[string | undefined, string[]]>([
  [undefined, []],
  ['1/1', []],
  ['1/4+2/4+3/4', ['4/4']],
  ['2/3', ['1/3', '3/3']],
  ['1/2+1/3+2/3+3/3', ['2/2']],
])('of shards %s there are missing %j', (shard, missing) => {
  expect(missingShards(shard)).toEqual(missing)
})
