import { describe, expect, test } from 'vitest'
import { RapidoError } from '../../../../src/errors.js'
import type { Incident } from '../../../../src/machine/incidents.js'
import type { Exclude } from '../../../../src/plan/suite/excludes.js'
import type { Attempt } from '../../../../src/report/suite-result.js'
import { attemptsByTest } from '../../../../src/runs/suite/attempts-by-test.js'
import type { RunRecord } from '../../../../src/runs/suite/result-folder.js'
import { suiteResult } from '../../../../src/runs/suite/suite-result.js'
import { attempt } from '../../report/suite-results.js'

const run: RunRecord = {
  schemaVersion: 1,
  suite: 'fstests',
  profile: 'fstests-xfs',
  words: [],
  sets: [],
  options: { vms: 1, maxCrashes: 20, rerunFailed: 0, untilFail: false, strict: false },
  configFile: undefined,
  seed: 1,
  kernel: '6.17.0',
  startedAt: '2026-11-21T10:00:00.000Z',
  shard: '2/4',
  tests: [],
  notes: ['of the plan'],
}

/** The result of tests and of their attempts, by key: "generic/001", "v4:generic/001". */
function resultOf(
  attempts: Record<string, Attempt[] | 'excluded'>,
  more: Partial<Parameters<typeof suiteResult>[1]> = {},
  { excused, ...asked }: Partial<RunRecord> & { excused?: Exclude } = {},
) {
  const tests = Object.entries(attempts).map(([key, had]) => {
    const [name = '', config] = key.split(':').reverse()
    return { name, config, excluded: had === 'excluded' ? 'exclude file, line 3' : undefined, excused }
  })
  const known = Object.entries(attempts).flatMap(([key, had]) => (had === 'excluded' ? [] : [[key, had] as const]))
  return suiteResult(
    { ...run, ...asked, tests },
    {
      folder: '/r',
      attempts: new Map(known),
      machines: [],
      failure: undefined,
      notes: ['of the run'],
      failOn: ['oops'],
      strict: false,
      now: new Date('2026-11-21T10:01:40.000Z'),
      ...more,
    },
  )
}

test('a run is what was asked, with what its tests come to', () => {
  const result = resultOf({ 'generic/001': [attempt()], 'generic/002': 'excluded' })
  expect(result).toMatchObject({
    suite: 'fstests',
    kernel: '6.17.0',
    shard: '2/4',
    durationMs: 100_000,
    verdict: { kind: 'pass' },
    exitStatus: 0,
    notes: ['of the plan', 'of the run'],
    tests: [
      { name: 'generic/001', status: 'pass', reason: '' },
      { name: 'generic/002', status: 'excluded', reason: 'exclude file, line 3', attempts: [] },
    ],
  })
})

test.each<[string, Parameters<typeof resultOf>[0], number, string, string]>([
  ['a test that failed', { a: [attempt('fail', { reason: 'r' })] }, 1, 'fail', 'r'],
  ['one that never ran', { a: [] }, 1, 'unfinished', 'the run ended before it'],
  ['one that was not run', { a: [attempt('notrun', { reason: 'r' })] }, 0, 'notrun', 'r'],
  ['one that passed in the end', { a: [attempt('fail', { reason: 'r' }), attempt()] }, 0, 'flaky', 'failed 1 of 2: r'],
])('%s', (_, attempts, exitStatus, status, reason) => {
  const result = resultOf(attempts)
  expect([result.exitStatus, result.tests[0]?.status, result.tests[0]?.reason]).toEqual([exitStatus, status, reason])
})

test('until a test fails: what had no turn is nothing to the verdict, but one that failed is', () => {
  const passed = resultOf({ a: [attempt()], b: [] }, { untilFail: true, strict: true })
  expect([passed.exitStatus, passed.tests[1]?.status]).toEqual([0, 'unfinished'])
  expect(resultOf({ a: [attempt(), attempt('fail')], b: [] }, { untilFail: true, strict: true }).exitStatus).toBe(1)
})

describe('a run that ended early', () => {
  const oops: Incident = {
    kind: 'oops',
    title: 'BUG: x',
    lines: [],
    consoleLine: 1,
    complete: true,
    repeats: 0,
    cause: undefined,
  }
  const machines = [{ vm: 1, consoleLog: '', end: '', incidents: [oops] }]
  const late = new RapidoError('timeout', 'the run took too long')
  const crashes = new RapidoError('guest', 'more than --max-crashes allows')

  test.each<[string, Partial<Parameters<typeof suiteResult>[1]>, number, string]>([
    ['says what ended it', { failure: late }, 5, 'the run took too long'],
    [
      'crashed where the kernel reported that outside of tests',
      { failure: late, machines },
      4,
      'BUG: x, outside of any test; 1 test crashed, 1 unfinished: a, b; the run took too long',
    ],
    ['was interrupted all the same', { failure: new RapidoError('interrupted', 'SIGINT'), machines }, 130, 'SIGINT'],
    ['failed by its crashes', { failure: crashes }, 1, 'more than --max-crashes allows'],
    [
      'crashed by its crashes where that is told apart',
      { failure: crashes, strict: true },
      4,
      'more than --max-crashes allows',
    ],
  ])('%s', (_, known, exitStatus, reason) => {
    const result = resultOf({ a: [attempt('crash')], b: [] }, known)
    expect([result.exitStatus, result.verdict]).toEqual([exitStatus, expect.objectContaining({ reason })])
  })
})

const excused: Exclude = { test: 'a', range: '*', reason: 'bug #7', source: '/exclude', line: 3 }

describe('a test that an exclude file has, and that ran all the same', () => {
  const needless = '/exclude: no longer fails, take it out: '

  test.each<[string, Attempt[], string, string]>([
    ['failed', [attempt('fail', { reason: 'r' })], 'excluded', 'bug #7; it still fails: r'],
    ['failed without a word', [attempt('fail', { reason: '' })], 'excluded', 'bug #7; it still fails'],
    ['crashed', [attempt('crash', { reason: 'BUG: x' })], 'excluded', 'bug #7; it still fails: BUG: x'],
    ['hung', [attempt('timeout', { reason: 'too long' })], 'excluded', 'bug #7; it still fails: too long'],
    [
      'failed at times',
      [attempt(), attempt('fail', { reason: 'r' })],
      'excluded',
      'bug #7; it still fails: failed 1 of 2: r',
    ],
    ['did not run', [attempt('notrun', { reason: 'no disk' })], 'notrun', 'no disk'],
  ])('and %s does not fail the run', (_, attempts, status, reason) => {
    const { tests, exitStatus, notes } = resultOf({ a: attempts }, { strict: true }, { excused })
    expect(tests).toEqual([{ name: 'a', config: undefined, status, reason, attempts }])
    expect([exitStatus, notes]).toEqual([0, ['of the plan', 'of the run']])
  })

  test('and passed is told with the line to take out', () => {
    const { tests, notes } = resultOf({ a: [attempt()] }, {}, { excused, shard: undefined })
    expect(tests).toMatchObject([{ status: 'pass', reason: '' }])
    expect(notes.slice(2)).toEqual([`${needless}a (line 3)`])
  })

  test.each<[string, Attempt[], string[]]>([
    ['passed', [attempt()], ['a (line 3)']],
    ['was not run', [attempt('notrun')], ['a (line 3)']],
    ['failed', [attempt('fail')], []],
    ['was not come to', [], []],
  ])('and passed in one configuration and %s in another', (_, other, told) => {
    const { notes } = resultOf({ 'v4:a': [attempt()], 'v5:a': other }, {}, { excused, shard: undefined })
    expect(notes.slice(2)).toEqual(told.map((entry) => needless + entry))
  })

  test('is told with its configuration where another shard may have it in others', () => {
    const { notes } = resultOf({ 'v4:a': [attempt()], 'v5:a': [attempt('fail')] }, {}, { excused, shard: '1/2' })
    expect(notes.slice(2)).toEqual([`${needless}v4:a (line 3)`])
  })
})

test('one that crashed twice is skipped in the configurations that were left, with its crash', () => {
  const crash = attempt('crash', { reason: 'BUG: x' })
  const { tests, verdict } = resultOf({ 'v4:a': [crash], 'v5:a': [crash], 'v6:a': [], 'v6:b': [attempt()] })
  expect(tests.map(({ config, status }) => [config, status])).toEqual([
    ['v4', 'crash'],
    ['v5', 'crash'],
    ['v6', 'skipped'],
    ['v6', 'pass'],
  ])
  expect(tests[2]?.reason).toBe('it cost a VM twice: BUG: x')
  expect(verdict.kind).toBe('fail')
})

test.each<[RapidoError['code'], string, number]>([
  ['host', 'host', 3],
  ['interrupted', 'interrupted', 130],
  ['timeout', 'timeout', 5],
  ['guest', 'fail', 1],
])('what ended a run early (%s) is its verdict, whatever its tests say', (code, kind, exitStatus) => {
  const failure = new RapidoError(code, 'why')
  expect(resultOf({ a: [attempt()] }, { failure })).toMatchObject({ verdict: { kind, reason: 'why' }, exitStatus })
})

test('programs that tests wanted are named once, with their tests and where to get them', () => {
  const wanted = (program: string) => [attempt('notrun', { reason: `${program} utility required, skipped this test` })]
  const { missing } = resultOf({
    'v4:a': wanted('duperemove'),
    'v5:a': wanted('duperemove'),
    'v4:b': wanted('duperemove'),
    'v4:c': wanted('indent'),
    'v4:f': wanted('sh'),
    'v4:d': [attempt('notrun', { reason: 'no realtime device' })],
    'v4:e': [attempt('pass')],
  })
  expect(missing.map(({ program, tests }) => [program, tests])).toEqual([
    ['duperemove', ['a', 'b']],
    ['indent', ['c']],
    ['sh', ['f']],
  ])
  expect(missing[0]?.provider).toContain('duperemove')
  expect(missing[2]?.provider).toMatch(/^this host has it: .*image\.install/)
})

test('reports outside of tests count by run.fail_on, those of a machine with its end', () => {
  const report = (kind: Incident['kind'], title: string): Incident => ({
    kind,
    title,
    consoleLine: 7,
    lines: ['line'],
    complete: true,
    repeats: 1,
    cause: undefined,
  })
  const machines = [
    { vm: 1, consoleLog: 'vms/1.console', end: 'it was powered off', incidents: [report('warning', 'WARNING: x')] },
    { vm: 2, consoleLog: 'vms/2.console', end: 'the kernel panicked', incidents: [report('oops', 'BUG: y')] },
  ]
  const result = resultOf({ a: [attempt()] }, { machines })
  expect(result.incidents.map(({ title, fails }) => [title, fails])).toEqual([
    ['WARNING: x', false],
    ['BUG: y', true],
  ])
  expect(result.machines).toEqual(machines.map(({ incidents: _, ...machine }) => machine))
  expect(result).toMatchObject({ verdict: { kind: 'crash' }, exitStatus: 4 })
})

test('lines of results.jsonl are the attempts of each test, in their order', () => {
  const lines = [
    { name: 'a', config: undefined, ...attempt('fail') },
    { name: 'a', config: 'v4', ...attempt('crash') },
    { name: 'b', config: undefined, ...attempt() },
    { name: 'a', config: undefined, ...attempt('pass') },
  ]
  const statuses = [...attemptsByTest(lines)].map(([key, had]) => [key, had.map(({ status }) => status)])
  expect(statuses).toEqual([
    ['a', ['fail', 'pass']],
    ['v4:a', ['crash']],
    ['b', ['pass']],
  ])
  expect(attemptsByTest(lines).get('b')).toEqual([attempt()])
})
