import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../../../src/report/suite-result.js'
import { costsVm, SuiteQueue } from '../../../../src/runs/suite/queue.js'
import { type SuiteTest, testKey } from '../../../../src/runs/suite/suite.js'
import { attempt } from '../../report/suite-results.js'

const noTimes = new Map<string, number>()

/** Tests by name; "xfs_4k:generic/001" is one of a configuration. */
function testsOf(keys: string[]): SuiteTest[] {
  return keys.map((key) => {
    const [name = '', config] = key.split(':').reverse()
    return { name, config }
  })
}

function queueOf(keys: string[], vms = 1, times: ReadonlyMap<string, number> = noTimes) {
  return new SuiteQueue(testsOf(keys), { vms, times })
}

const [a, b, c] = testsOf(['a', 'b', 'c']) as [SuiteTest, SuiteTest, SuiteTest]
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `t${String(index).padStart(2, '0')}`)

/** Runs a test at a place, which may begin it. */
function runs(queue: SuiteQueue, place: number, one: SuiteTest, status: Attempt['status'] = 'pass'): void {
  expect(queue.begin(place, one)).toBe(true)
  queue.ended(one, attempt(status))
}

describe('one VM', () => {
  test('is given all tests at once, in their order, and then nothing', () => {
    const queue = queueOf(['b', 'a', 'c'])
    expect(queue.take(0)).toEqual({ config: undefined, tests: ['b', 'a', 'c'], isAlone: false })
    for (const one of [b, a, c]) runs(queue, 0, one)
    expect(queue.take(0)).toBeUndefined()
    expect([queue.total, queue.done, queue.waiting]).toEqual([3, 3, []])
  })

  test('is given what is left after a crash, without the test that crashed', () => {
    const queue = queueOf(['a', 'b', 'c'])
    queue.take(0)
    runs(queue, 0, a, 'crash')
    expect(queue.take(0)?.tests).toEqual(['b', 'c'])
  })

  test('is given the tests of one configuration at a time', () => {
    const queue = queueOf(['v4:a', 'v4:b', 'v5:a', 'v4:c'])
    expect(queue.take(0)).toMatchObject({ config: 'v4', tests: ['a', 'b', 'c'] })
    for (const name of ['a', 'b', 'c']) runs(queue, 0, { name, config: 'v4' })
    expect(queue.take(0)).toMatchObject({ config: 'v5', tests: ['a'] })
  })

  test('may begin each test once, and no other', () => {
    const queue = queueOf(['a', 'b'])
    expect(queue.begin(0, a)).toBe(true)
    expect([queue.begin(0, a), queue.begin(0, c), queue.begin(0, { name: 'b', config: 'v4' })]).toEqual([
      false,
      false,
      false,
    ])
  })
})

test('a test that is excluded is none of its tests', () => {
  const queue = new SuiteQueue([a, { ...b, excluded: 'exclude file' }], { vms: 1, times: noTimes })
  expect([queue.total, queue.take(0)?.tests]).toEqual([1, ['a']])
})

test('a run that goes on has the tests that have no result yet', () => {
  const attempts = new Map([
    ['a', [attempt()]],
    ['b', [attempt('fail')]],
  ])
  const queue = new SuiteQueue([a, b, c], { vms: 1, times: noTimes, attempts })
  expect([queue.total, queue.done, queue.take(0)?.tests, queue.failed]).toEqual([3, 2, ['c'], [b]])
})

describe('several VMs', () => {
  test('share the tests by what they took in the past', () => {
    const times = new Map([
      ['long', 9000],
      ['a', 3000],
      ['b', 3000],
      ['c', 3000],
    ])
    const queue = queueOf(['a', 'b', 'c', 'long'], 2, times)
    expect([queue.take(0)?.tests, queue.take(1)?.tests]).toEqual([['long'], ['a', 'b', 'c']])
  })

  test('one that has nothing left takes the later half of what the longest list has', () => {
    const queue = queueOf(numbered(10), 2)
    const own = queue.take(0)?.tests ?? []
    for (const name of own) runs(queue, 0, { name, config: undefined })
    const others = queue.take(1)?.tests ?? []
    expect(queue.take(0)?.tests).toEqual(others.slice(3))
    expect(queue.begin(1, { name: others[4] as string, config: undefined })).toBe(false)
    expect(queue.begin(1, { name: others[0] as string, config: undefined })).toBe(true)
  })

  test('two tests that another has not begun are not worth a program', () => {
    const queue = queueOf(numbered(4), 2)
    for (const name of queue.take(0)?.tests ?? []) runs(queue, 0, { name, config: undefined })
    expect(queue.take(0)).toBeUndefined()
    expect(queue.take(1)?.tests).toHaveLength(2)
  })
})

describe('a test that cost two VMs', () => {
  test('is left alone, in whatever configuration', () => {
    const queue = queueOf(['v4:a', 'v5:a', 'v6:a', 'v6:b'])
    queue.take(0)
    runs(queue, 0, { name: 'a', config: 'v4' }, 'crash')
    queue.take(0)
    expect(queue.isGivenUp(a)).toBe(false)
    runs(queue, 0, { name: 'a', config: 'v5' }, 'timeout')
    expect(queue.isGivenUp(a)).toBe(true)
    expect(queue.take(0)).toMatchObject({ config: 'v6', tests: ['b'] })
  })

  test('is not stolen by another VM, either', () => {
    const times = new Map(['v5:a', 'x', 'y', 'v6:a'].map((key) => [key, 1]))
    const queue = queueOf(['v4:a', 'v5:a', 'x', 'y', 'v6:a'], 2, times.set('v4:a', 1e6))
    expect([queue.take(0), queue.take(1)]).toMatchObject([
      { config: 'v4', tests: ['a'] },
      { config: 'v5', tests: ['a'] },
    ])
    runs(queue, 0, { name: 'a', config: 'v4' }, 'crash')
    runs(queue, 1, { name: 'a', config: 'v5' }, 'crash')
    expect([queue.take(0), queue.take(1)]).toMatchObject([undefined, { tests: ['x', 'y'] }])
  })

  test('counts those of the part of the run before', () => {
    const attempts = new Map([
      ['v4:a', [attempt('crash')]],
      ['v5:a', [attempt('crash')]],
    ])
    const queue = new SuiteQueue(testsOf(['v4:a', 'v5:a', 'v6:a']), { vms: 1, times: noTimes, attempts })
    expect(queue.take(0)).toBeUndefined()
  })

  test.each<[Attempt['status'], boolean]>([
    ['pass', false],
    ['fail', false],
    ['notrun', false],
    ['crash', true],
    ['timeout', true],
  ])('%s costs a VM: %j', (status, costs) => {
    expect(costsVm({ status })).toBe(costs)
  })
})

describe('once more', () => {
  test('run those that failed, each in a VM of its own', () => {
    const queue = queueOf(['a', 'b', 'c'])
    queue.take(0)
    runs(queue, 0, a, 'fail')
    runs(queue, 0, b)
    runs(queue, 0, c, 'crash')
    expect(queue.failed).toEqual([a, c])
    queue.againAlone(queue.failed)
    expect(queue.take(0)).toEqual({ config: undefined, tests: ['a'], isAlone: true })
    runs(queue, 0, a)
    expect(queue.take(0)).toEqual({ config: undefined, tests: ['c'], isAlone: true })
    expect(queue.attemptsOf(a).map(({ status }) => status)).toEqual(['fail', 'pass'])
    expect(queue.failed).toEqual([a, c]) // they did
  })
})

describe('a test that an exclude file has, and that runs all the same', () => {
  const excused = { test: 'a', range: '*', reason: 'why', source: 'e', line: 1 }
  const tests: SuiteTest[] = [{ ...a, config: 'v4', excused }, { ...a, config: 'v5' }, b]

  test('runs as any other, and is none of those that failed', () => {
    const queue = new SuiteQueue(tests, { vms: 1, times: noTimes })
    queue.take(0)
    for (const one of tests) runs(queue, 0, one, 'fail')
    expect([queue.total, queue.done, queue.failed]).toEqual([3, 3, tests.slice(1)])
  })

  test('is known by its name and configuration', () => {
    const queue = new SuiteQueue(tests, { vms: 1, times: noTimes })
    expect(tests.map(({ name, config }) => queue.isExcused({ name, config }))).toEqual([true, false, false])
  })

  test('is left alone after two crashes, however often the others run', () => {
    const queue = new SuiteQueue([{ ...a, excused }, b], { vms: 1, times: noTimes, repeat: true })
    for (const _ of [1, 2]) {
      expect(queue.take(0)?.tests).toEqual(['a', 'b'])
      runs(queue, 0, a, 'crash')
      queue.take(0)
      runs(queue, 0, b)
    }
    expect(queue.take(0)?.tests).toEqual(['b'])
  })
})

describe('again and again', () => {
  test('each VM runs its part of the tests, whatever the others do', () => {
    const queue = new SuiteQueue([a, b, c], { vms: 2, times: noTimes, repeat: true })
    for (const round of [1, 2, 3]) {
      expect(queue.take(0)?.tests).toEqual(['a', 'c'])
      for (const one of [a, c]) runs(queue, 0, one)
      expect(queue.attemptsOf(a)).toHaveLength(round)
    }
    expect(queue.take(1)?.tests).toEqual(['b'])
    expect(queue.attemptsOf(b)).toEqual([])
  })

  test('one that goes on begins with what has no result, then all', () => {
    const attempts = new Map([['a', [attempt()]]])
    const queue = new SuiteQueue([a, b], { vms: 1, times: noTimes, attempts, repeat: true })
    expect(queue.take(0)?.tests).toEqual(['b'])
    runs(queue, 0, b)
    expect(queue.take(0)?.tests).toEqual(['a', 'b'])
  })

  test('until it is cleared', () => {
    const queue = new SuiteQueue([a, b], { vms: 1, times: noTimes, repeat: true })
    queue.take(0)
    runs(queue, 0, a, 'fail')
    queue.clear()
    expect([queue.begin(0, b), queue.take(0)]).toEqual([false, undefined])
  })

  test('a VM that has no part has nothing to do', () => {
    const queue = new SuiteQueue([a], { vms: 2, times: noTimes, repeat: true })
    expect(queue.take(1)).toBeUndefined()
  })
})

test('when it is cleared no test begins any more, and what runs still ends', () => {
  const queue = queueOf(['a', 'b', 'c'])
  queue.take(0)
  queue.begin(0, a)
  queue.clear()
  expect([queue.begin(0, b), queue.take(0), queue.waiting]).toEqual([false, undefined, []])
  queue.ended(a, attempt())
  expect(queue.done).toBe(1)
})

/** Numbers from 0 up to 1 that look random, the same for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** VMs at work in some order: each takes a share, begins its tests, loses itself to some; in the end none has any left. */
function anyRun(queue: SuiteQueue, vms: number, random: () => number): string[] {
  const begun: string[] = []
  const machines = Array.from({ length: vms }, (_, place) => ({
    place,
    share: [] as SuiteTest[],
    running: undefined as SuiteTest | undefined,
    hasEnded: false,
  }))
  for (;;) {
    const busy = machines.filter(({ hasEnded }) => !hasEnded)
    const machine = busy[Math.floor(random() * busy.length)]
    if (machine === undefined) return begun
    const { place, running } = machine
    if (running) {
      const status = random() < 0.15 ? 'crash' : random() < 0.2 ? 'fail' : 'pass'
      queue.ended(running, attempt(status))
      machine.running = undefined
      if (status === 'crash') machine.share = []
    } else if (machine.share.length > 0) {
      const next = machine.share.shift() as SuiteTest
      if (queue.begin(place, next)) {
        machine.running = next
        begun.push(testKey(next))
      } else machine.share = [] // somebody else has it: its program ends
    } else {
      const taken = queue.take(place)
      machine.hasEnded = taken === undefined
      machine.share = (taken?.tests ?? []).map((name) => ({ name, config: taken?.config }))
    }
  }
}

test('whatever VMs do, each test runs once, or was given up', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = randomOf(seed)
    const vms = 1 + Math.floor(random() * 5)
    const names = numbered(1 + Math.floor(random() * 40))
    const configs = random() < 0.5 ? [undefined] : ['v4', 'v5', 'v6']
    const tests = configs.flatMap((config) => names.map((name) => ({ name, config })))
    const times = new Map(tests.filter(() => random() < 0.5).map((one) => [testKey(one), Math.floor(random() * 9000)]))
    const queue = new SuiteQueue(tests, { vms, times })
    const begun = anyRun(queue, vms, random)
    const left = tests.filter((one) => !begun.includes(testKey(one)))
    expect(
      {
        twice: begun.filter((key, index) => begun.indexOf(key) < index),
        forgotten: left.filter((one) => !queue.isGivenUp(one)),
        waiting: queue.waiting,
        done: queue.done,
        total: queue.total,
      },
      `seed ${seed}`,
    ).toEqual({ twice: [], forgotten: [], waiting: [], done: begun.length, total: tests.length })
  }
})
