import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { ResultFolder } from '../../../../src/runs/suite/result-folder.js'
import { keptText, RunningTest } from '../../../../src/runs/suite/running-test.js'

const chatter = (seed: number) => `${seed} says something. `.repeat(12_000) // some 250 KiB

function attempt(status: 'pass' | 'fail', seed = 1) {
  const folder = {} as ResultFolder // no file comes
  const running = new RunningTest(
    { name: 'generic/001', config: undefined },
    { folder, attempt: 1, taint: 0, limitMs: 60_000, onLimit: async () => '' },
  )
  running.say(chatter(seed))
  return running.attempt({ status, reason: '', output: running.text, vm: 1 })
}

describe('of a test that prints much', () => {
  test('it is known whether the beginning is lost', () => {
    const folder = {} as ResultFolder
    const running = new RunningTest(
      { name: 'a', config: undefined },
      { folder, attempt: 1, taint: 0, limitMs: 60_000, onLimit: async () => '' },
    )
    running.say('x'.repeat(keptText))
    expect([running.isCut, running.text.length]).toEqual([false, keptText])
    running.say('y')
    expect([running.isCut, running.text.length]).toEqual([true, keptText])
    running.abandon()
  })

  test('the end is kept, less where it passed', () => {
    expect(attempt('fail').output).toBe(chatter(1).slice(-64 * 1024))
    expect(attempt('pass').output).toBe(chatter(1).slice(-8 * 1024))
  })

  test('nothing else stays in memory', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    collect()
    const before = process.memoryUsage().heapUsed
    const attempts = Array.from({ length: 100 }, (_, index) => attempt('pass', index))
    collect()
    const grownMiB = (process.memoryUsage().heapUsed - before) / 1024 / 1024
    expect(attempts).toHaveLength(100)
    expect(grownMiB).toBeLessThan(8) // it was 24: a slice of a text keeps the whole of it
  })
})
