import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AttemptStatus } from '../../../../src/report/suite-result.js'
import type { Share } from '../../../../src/runs/suite/queue.js'
import { type MachineRecord, ResultFolder, type RunRecord } from '../../../../src/runs/suite/result-folder.js'
import { runSuite, type SuiteOptions } from '../../../../src/runs/suite/run-suite.js'
import type { SuitePlan, SuiteTest } from '../../../../src/runs/suite/suite.js'
import { SuiteVm, type TestHooks } from '../../../../src/runs/suite/suite-vm.js'
import { attempt } from '../../report/suite-results.js'

// What a run does with its VMs, which are played here: their tests end as they are told to.

let root: string
let folder: ResultFolder
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rapido-run-suite-'))
  folder = await ResultFolder.create(join(root, 'results'), {} as RunRecord)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await folder.release()
  rmSync(root, { recursive: true })
})

type Session = Awaited<ReturnType<SuiteVm['run']>>
/** One program: undefined where it ran all it was given. */
type Play = (play: { vm: number; run: number; share: Share; hooks: TestHooks }) => Promise<Partial<Session> | undefined>

const names = (...tests: string[]): SuiteTest[] => tests.map((name) => ({ name, config: undefined }))

async function runWith(tests: SuiteTest[], play: Play, more: Partial<SuiteOptions> = {}) {
  const booted: number[] = []
  vi.spyOn(SuiteVm, 'start').mockImplementation(async (_, { record }) => {
    booted.push(record.vm)
    let runs = 0
    const run = async (share: Share, hooks: TestHooks) => {
      await delay(1)
      return {
        isUsable: true,
        isStuck: false,
        said: 'what it said',
        ...(await play({ vm: record.vm, run: ++runs, share, hooks })),
      }
    }
    return { number: record.vm, run, end: async () => {} } as unknown as SuiteVm
  })
  const plan = {
    tests,
    testTimeoutMs: 60_000,
    run: { settings: { paths: { state: root } }, profile: { name: 'p' } },
  } as unknown as SuitePlan
  const outcome = await runSuite(plan, {
    folder,
    attempts: [],
    machines: [],
    vms: 1,
    maxCrashes: 20,
    rerunFailed: 0,
    untilFail: false,
    strict: false,
    signal: new AbortController().signal,
    emit: () => {},
    tell: () => {},
    ...more,
  })
  return { ...outcome, booted, ran: (key: string) => outcome.attempts.get(key)?.map(({ status }) => status) }
}

async function runOne(
  hooks: TestHooks,
  { share, name }: { share: Share; name: string },
  status: AttemptStatus = 'pass',
) {
  if (!hooks.mayBegin(name, share.config)) return false
  await delay(1)
  hooks.ended(name, share.config, attempt(status))
  return true
}

const runAll: Play = async ({ share, hooks }) => {
  for (const name of share.tests) if (!(await runOne(hooks, { share, name }))) break
  return undefined
}

test('all tests run, each once', async () => {
  const { failure, ran } = await runWith(names('a', 'b', 'c'), runAll, { vms: 2 })
  expect([failure, ran('a'), ran('b'), ran('c')]).toEqual([undefined, ['pass'], ['pass'], ['pass']])
})

describe('a program that ends without a test', () => {
  test('in a fresh VM would do so for ever', async () => {
    const { failure, booted } = await runWith(names('a', 'b'), async () => undefined)
    expect(failure).toMatchObject({ code: 'guest', message: 'the suite ended before a began', hint: 'what it said' })
    expect(booted).toEqual([1])
  })

  test('in one that has run others is tried in a fresh one', async () => {
    const play: Play = async (all) => {
      if (all.vm > 1) return runAll(all)
      if (all.run === 1) await runOne(all.hooks, { share: all.share, name: 'a' })
      return undefined
    }
    const { failure, ran, booted } = await runWith(names('a', 'b'), play)
    expect([failure, ran('a'), ran('b'), booted]).toEqual([undefined, ['pass'], ['pass'], [1, 2]])
  })

  test('with its VM is tried three times', async () => {
    const { failure, booted } = await runWith(names('a'), async () => ({ isUsable: false }))
    expect(failure).toMatchObject({ message: 'the suite ended before a began' })
    expect(booted).toEqual([1, 2, 3])
  })

  test('but hangs is a timeout', async () => {
    const { failure } = await runWith(names('a'), async () => ({ isUsable: false, isStuck: true }))
    expect(failure).toMatchObject({ code: 'timeout', message: 'a did not begin within 1m' })
  })

  test('announces one that nobody asked for, and ends the run', async () => {
    const { failure } = await runWith(names('a'), async ({ hooks }) => {
      hooks.mayBegin('A', undefined)
      return undefined
    })
    expect(failure).toMatchObject({ code: 'guest' })
  })
})

test('what other VMs do is no progress, nor a lack of it', async () => {
  // The tests of all VMs are as many as before wherever one begins its last and the other starts over.
  const started = Date.now()
  const { failure, attempts } = await runWith(
    names('a', 'b'),
    async (all) => {
      await delay(all.vm * 3)
      return runAll(all)
    },
    { vms: 2, untilFail: true, timeoutMs: 500 },
  )
  expect([failure, Date.now() - started > 400]).toEqual([undefined, true])
  expect([...attempts.values()].every((had) => had.length > 3)).toBe(true)
})

test('a test that is given up while another VM boots is left alone, and the run goes on', async () => {
  const tests = ['x', 'y', 'z'].map((config) => ({ name: 'g', config })).concat([{ name: 'h', config: 'z' }])
  const { failure, ran } = await runWith(
    tests,
    async ({ share, hooks }) => {
      if (share.config === 'z') await delay(50)
      for (const name of share.tests) {
        if (!(await runOne(hooks, { share, name }, name === 'g' ? 'crash' : 'pass'))) return undefined
        if (name === 'g') return { isUsable: false }
      }
      return undefined
    },
    { vms: 3 },
  )
  expect([failure, ran('z:h')]).toEqual([undefined, ['pass']])
})

test('crashes of tests that an exclude file has do not end the run', async () => {
  const excused = { test: 'a', range: '*', reason: 'bug', source: '/exclude', line: 1 }
  const crash: Play = async ({ share, hooks }) => {
    await runOne(hooks, { share, name: share.tests[0] as string }, 'crash')
    return { isUsable: false }
  }
  const excusedTests = names('a', 'b', 'c').map((each) => ({ ...each, excused }))
  expect((await runWith(excusedTests, crash, { maxCrashes: 1 })).failure).toBeUndefined()
  const { failure } = await runWith(names('a', 'b', 'c'), crash, { maxCrashes: 1 })
  expect(failure).toMatchObject({ message: expect.stringContaining('more than --max-crashes allows') })
})

test('until a test fails, the time is the end; where none has finished by then it is a timeout', async () => {
  const slow: Play = async ({ share, hooks }) => {
    await runOne(hooks, { share, name: 'a' })
    await delay(10_000)
    return undefined
  }
  expect((await runWith(names('a', 'b'), slow, { untilFail: true, timeoutMs: 100 })).failure).toBeUndefined()
  const none = await runWith(names('a', 'b'), () => delay(10_000, undefined), { untilFail: true, timeoutMs: 100 })
  expect(none.failure).toMatchObject({ code: 'timeout' })
})

test('a run that goes on has the VMs of before, and numbers its own after them', async () => {
  const before: MachineRecord[] = [{ vm: 3, consoleLog: 'vms/3.console', end: 'it crashed', incidents: [] }]
  const { machines, booted } = await runWith(names('a'), runAll, { machines: before })
  expect(booted).toEqual([4])
  expect(machines.map(({ vm }) => vm)).toEqual([3, 4])
})
