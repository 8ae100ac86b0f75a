import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { SuiteProgress } from '../../../src/cli/suite-progress.js'
import type { AttemptStatus } from '../../../src/report/suite-result.js'
import { memoryIo } from '../../helpers/memory-io.js'
import { attempt } from '../report/suite-results.js'

/** What stands on stderr of a run of tests that end in these ways. */
function toldOf(ends: { status: AttemptStatus; isExcused?: boolean }[], terminal?: { rows: number; columns: number }) {
  const io = memoryIo(terminal ? { terminal } : {})
  const progress = new SuiteProgress(io)
  progress.tell({ type: 'suite-begun', total: ends.length, done: 0, expectedMs: undefined, folder: '/r' })
  for (const [index, { status, isExcused = false }] of ends.entries())
    progress.tell({
      type: 'test-ended',
      test: `t${index}`,
      vm: 1,
      attempt: attempt(status),
      again: false,
      isExcused,
    })
  progress.done()
  return stripVTControlCharacters(io.err())
    .split('\n')
    .filter((line) => line !== '')
}

test('a test is one, several are tests', () => {
  expect(toldOf([{ status: 'pass' }])[0]).toBe('rapido: 1 test; results in /r')
  expect(toldOf([{ status: 'pass' }, { status: 'fail' }])[0]).toBe('rapido: 2 tests; results in /r')
})

test('one that may fail is told as excluded where it does', () => {
  expect(
    toldOf([{ status: 'crash', isExcused: true }, { status: 'pass', isExcused: true }, { status: 'fail' }]),
  ).toEqual([
    'rapido: 3 tests; results in /r',
    '1/3  excluded t0  3.2 s  it was a crash',
    '2/3  pass     t1  3.2 s',
    '3/3  FAIL     t2  3.2 s  it was a fail',
  ])
})

test('on a terminal only what is not well stays', () => {
  const ends = [{ status: 'fail' as const, isExcused: true }, { status: 'pass' as const }, { status: 'fail' as const }]
  expect(toldOf(ends, { rows: 24, columns: 80 })).toEqual([
    'rapido: 3 tests; results in /r',
    '3/3  FAIL     t2  3.2 s  it was a fail',
  ])
})
