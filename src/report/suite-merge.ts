import type { Verdict } from './result.js'
import type { Attempt, MissingProgram, SuiteResult, TestResult } from './suite-result.js'
import { statusOf } from './suite-status.js'
import { hasFailed, keyOf } from './suite-tests.js'

const worstLast: Verdict['kind'][] = ['pass', 'fail', 'timeout', 'crash', 'host', 'interrupted']

/**
 * One result of several: of shards, or of a run and of reruns of some of its tests. The verdict is the worst of theirs;
 * tests come by configuration and name. VMs are numbered anew, so that no two have one number; files are named as they
 * were. Throws an Error with a sentence where the results are not of one suite and profile.
 */
export function mergeSuites(results: SuiteResult[]): SuiteResult {
  const [first] = results
  if (first === undefined) throw new Error('there are no results to merge')
  requireOne('suite', results)
  requireOne('profile', results)
  const numbered = withOwnVms(results)
  const startedMs = Math.min(...results.map(({ startedAt }) => Date.parse(startedAt)))
  const endedMs = Math.max(...results.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs))
  const folders = distinct(results.map(({ folder }) => folder))
  return {
    suite: first.suite,
    profile: first.profile,
    kernel: distinct(results.map(({ kernel }) => kernel)).join(', '),
    startedAt: new Date(startedMs).toISOString(),
    durationMs: endedMs - startedMs,
    shard: mergedShard(results),
    ...worstVerdict(results),
    tests: mergedTests(numbered),
    machines: numbered.flatMap(({ machines }) => machines),
    incidents: results.flatMap(({ incidents }) => incidents),
    missing: mergedMissing(results.flatMap(({ missing }) => missing)),
    notes: [
      ...distinct(results.flatMap(({ notes }) => notes)),
      ...(folders.length > 1 ? [`the files are in ${folders.join(', ')}`] : []),
    ],
    folder: first.folder,
  }
}

function requireOne(field: 'suite' | 'profile', results: SuiteResult[]): void {
  const found = distinct(results.map((result) => result[field]))
  if (found.length > 1)
    throw new Error(`results of one ${field} can be merged, and these are of ${found.length}: ${found.join(', ')}`)
}

function withOwnVms(results: SuiteResult[]): SuiteResult[] {
  let taken = 0
  return results.map((result) => {
    const offset = taken
    const { machines, tests } = result
    const attempts = tests.flatMap((test) => test.attempts)
    taken += [...machines, ...attempts].reduce((max, { vm }) => Math.max(max, vm), 0)
    return {
      ...result,
      machines: machines.map((machine) => ({ ...machine, vm: machine.vm + offset })),
      tests: tests.map((test) => ({
        ...test,
        attempts: test.attempts.map((attempt) => ({ ...attempt, vm: attempt.vm + offset })),
      })),
    }
  })
}

function mergedTests(results: SuiteResult[]): TestResult[] {
  const found = new Map<string, TestResult[]>()
  for (const test of results.flatMap(({ tests }) => tests)) {
    const same = found.get(keyOf(test))
    if (same) same.push(test)
    else found.set(keyOf(test), [test])
  }
  return [...found.values()].flatMap(mergedTest).toSorted(byConfigAndName)
}

/** All its attempts, and what they come to. Without any, what the first of the results knows. */
function mergedTest(tests: TestResult[]): TestResult[] {
  const [first] = tests
  if (first === undefined || tests.length === 1) return tests
  const attempts = tests.flatMap((test) => test.attempts).toSorted((a, b) => startMs(a) - startMs(b))
  if (attempts.length === 0) return [tests.find(({ status }) => status !== 'unfinished') ?? first]
  // One that ran although it is left out may fail, unless it failed where it is not.
  const excused = tests.find((test) => test.status === 'excluded' && test.attempts.length > 0)
  if (excused && !tests.some(hasFailed)) return [{ ...excused, attempts }]
  return [{ ...first, ...statusOf(attempts), attempts }]
}

function startMs({ startedAt }: Attempt): number {
  return Date.parse(startedAt)
}

function byConfigAndName(a: TestResult, b: TestResult): number {
  return order(a.config ?? '', b.config ?? '') || order(a.name, b.name)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function mergedMissing(missing: MissingProgram[]): MissingProgram[] {
  return distinct(missing.map(({ program }) => program)).map((program) => {
    const same = missing.filter((one) => one.program === program)
    const provider = same.find((one) => one.provider !== '')?.provider ?? ''
    return { program, tests: distinct(same.flatMap(({ tests }) => tests)), provider }
  })
}

/** undefined for a whole run: "1/2" and "2/2" are one. */
function mergedShard(results: SuiteResult[]): string | undefined {
  const shards = distinct(results.flatMap(({ shard }) => shard?.split('+') ?? []))
  const parts = shards.map((shard) => shard.split('/').map(Number) as [number, number])
  const of = parts[0]?.[1]
  if (of === undefined || (parts.length === of && parts.every((part) => part[1] === of))) return undefined
  return parts
    .toSorted((a, b) => a[1] - b[1] || a[0] - b[0])
    .map((part) => part.join('/'))
    .join('+')
}

/** The shards that are not among those of a joined result: ["4/4"] of "1/4+2/4+3/4". */
export function missingShards(shard: string | undefined): string[] {
  const found = new Set(shard?.split('+') ?? [])
  const counts = distinct([...found].map((part) => part.replace(/^.*\//, '')))
  return counts.flatMap((of) =>
    Array.from({ length: Number(of) }, (_, index) => `${index + 1}/${of}`).filter((part) => !found.has(part)),
  )
}

function worstVerdict(results: SuiteResult[]): Pick<SuiteResult, 'verdict' | 'exitStatus'> {
  const kind = worstLast.findLast((kind) => results.some(({ verdict }) => verdict.kind === kind)) ?? 'pass'
  const worst = results.filter(({ verdict }) => verdict.kind === kind)
  const reasons = distinct(worst.flatMap(({ verdict }) => ('reason' in verdict ? [verdict.reason] : [])))
  const verdict: Verdict = kind === 'pass' ? { kind } : { kind, reason: reasons.join('; ') }
  return { verdict, exitStatus: Math.max(...worst.map(({ exitStatus }) => exitStatus)) }
}

function distinct(texts: string[]): string[] {
  return [...new Set(texts)]
}
