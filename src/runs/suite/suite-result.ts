import type { RapidoError } from '../../errors.js'
import { installCommand, packageManager, providerOf } from '../../host/packages.js'
import { programFinder } from '../../host/programs.js'
import { type Exclude, needlessExcludes } from '../../plan/suite/excludes.js'
import type { IncidentResult } from '../../report/result.js'
import type { Attempt, MissingProgram, SuiteMachine, SuiteResult, TestResult } from '../../report/suite-result.js'
import { statusOf, suiteVerdict } from '../../report/suite-status.js'
import { hasFailed } from '../../report/suite-tests.js'
import { exitStatusOf, verdictOf } from '../verdict.js'
import { missingProgramOf } from './missing-programs.js'
import { costsVm } from './queue.js'
import type { MachineRecord, RunRecord } from './result-folder.js'
import { testKey } from './suite.js'

/** What a run came to: of what was asked and what is known of each test so far. */
export function suiteResult(
  run: RunRecord,
  known: {
    folder: string
    attempts: ReadonlyMap<string, readonly Attempt[]> // by testKey
    machines: MachineRecord[]
    failure: unknown // what ended it early
    notes: string[]
    failOn: readonly string[] // run.fail_on
    strict: boolean
    untilFail?: boolean // until a test failed, or the time was over: what had no turn by then is nothing to it
    now: Date
  },
): SuiteResult {
  const tests = run.tests.map((test) => testResult(test, run, known.attempts))
  const incidents = known.machines.flatMap((machine) => incidentResults(machine, known.failOn))
  const judged = known.untilFail ? tests.filter(({ status }) => status !== 'unfinished') : tests
  const found = suiteVerdict(judged, { strict: known.strict, incidents })
  const ended = known.failure === undefined ? found : endedEarly(known.failure, { found, incidents })
  return {
    suite: run.suite,
    profile: run.profile,
    kernel: run.kernel,
    startedAt: run.startedAt,
    durationMs: known.now.getTime() - new Date(run.startedAt).getTime(),
    shard: run.shard,
    ...ended,
    tests,
    machines: known.machines.map(({ vm, consoleLog, end }): SuiteMachine => ({ vm, consoleLog, end })),
    incidents,
    missing: missingPrograms(tests),
    notes: [...run.notes, ...known.notes, ...needlessExcludes(noLongerFailing(run, tests))],
    folder: known.folder,
  }
}

function testResult(
  test: RunRecord['tests'][number],
  run: RunRecord,
  attemptsOf: ReadonlyMap<string, readonly Attempt[]>,
): TestResult {
  const { name, config, excluded, excused } = test
  const attempts = [...(attemptsOf.get(testKey(test)) ?? [])]
  if (excluded !== undefined) return { name, config, status: 'excluded', reason: excluded, attempts }
  const crashes = run.tests
    .filter((other) => other.name === name)
    .flatMap((other) => (attemptsOf.get(testKey(other)) ?? []).filter(costsVm))
  if (attempts.length === 0 && crashes.length >= 2) {
    return { name, config, status: 'skipped', reason: `it cost a VM twice: ${crashes[0]?.reason}`, attempts }
  }
  const found = statusOf(attempts)
  return { name, config, ...(excused ? withExcuse(excused, found) : found), attempts }
}

/** A test that ran although it is left out, and failed, is what it would be without having run. */
function withExcuse({ reason }: Exclude, found: ReturnType<typeof statusOf>): ReturnType<typeof statusOf> {
  if (!hasFailed(found) && found.status !== 'flaky') return found
  return { status: 'excluded', reason: `${reason}; it still fails${found.reason === '' ? '' : `: ${found.reason}`}` }
}

/** What left out tests that pass, and fail in none of the configurations. A shard knows of its own configurations only. */
function noLongerFailing(run: RunRecord, tests: TestResult[]): Exclude[] {
  const tried = run.tests.flatMap((test, index) => {
    const name = run.shard === undefined ? test.name : testKey(test)
    return test.excused ? [{ exclude: { ...test.excused, test: name }, status: tests[index]?.status }] : []
  })
  const passed = tried.filter(({ status }) => status === 'pass')
  const needless = new Map(passed.map(({ exclude }) => [exclude.test, exclude]))
  for (const { exclude, status } of tried) if (status !== 'pass' && status !== 'notrun') needless.delete(exclude.test)
  return [...needless.values()]
}

/**
 * What ended it is the reason. A kernel report that counts comes first, as in any run; and where the tests ended it, they
 * say what kind of end that is.
 */
function endedEarly(failure: unknown, { found, incidents }: { found: Ending; incidents: IncidentResult[] }): Ending {
  const own = verdictOf({ failure: failure as RapidoError, steps: [], incidents: [] })
  const { verdict, exitStatus } = found
  const isReported = incidents.some(({ fails }) => fails) && own.kind !== 'interrupted'
  if (own.kind === 'pass' || verdict.kind === 'pass' || !(isReported || own.kind === 'fail'))
    return { verdict: own, exitStatus: exitStatusOf(own) }
  const reason = isReported ? `${verdict.reason}; ${own.reason}` : own.reason
  return { verdict: { kind: verdict.kind, reason }, exitStatus }
}

type Ending = Pick<SuiteResult, 'verdict' | 'exitStatus'>

function incidentResults({ incidents }: MachineRecord, failOn: readonly string[]): IncidentResult[] {
  return incidents.map(({ kind, title, lines, consoleLine, repeats, cause }) => ({
    kind,
    title,
    lines: [...lines],
    consoleLine,
    repeats,
    cause: cause?.title,
    fails: failOn.includes(kind),
  }))
}

function missingPrograms(tests: TestResult[]): MissingProgram[] {
  const wantedBy = new Map<string, string[]>()
  for (const { name, status, reason } of tests) {
    const program = status === 'notrun' ? missingProgramOf(reason) : undefined
    if (program !== undefined) wantedBy.set(program, [...new Set([...(wantedBy.get(program) ?? []), name])])
  }
  const manager = packageManager()
  const find = programFinder()
  const howToGet = (program: string) => {
    if (find(program)) return 'this host has it: name it in image.install of a profile of your own (docs/fstests.md)'
    const provider = providerOf(program, manager)
    return 'package' in provider ? installCommand(manager, [provider.package]) : provider.find
  }
  return [...wantedBy].map(([program, tests]) => ({ program, tests, provider: howToGet(program) }))
}
