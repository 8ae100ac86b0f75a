import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { styleText } from 'node:util'
import { RapidoError } from '../errors.js'
import { resultsFolder } from '../plan/state-files.js'
import { parseCheckTime } from '../plan/suite/check-time.js'
import { readShard, splitTests } from '../plan/suite/shards.js'
import { compareSuites, comparisonText } from '../report/suite-compare.js'
import { suiteJson } from '../report/suite-json.js'
import { suiteJunit } from '../report/suite-junit.js'
import type { SuiteResult } from '../report/suite-result.js'
import { suiteTap } from '../report/suite-tap.js'
import { suiteSummary } from '../report/suite-text.js'
import type { Emit } from '../runs/events.js'
import type { Surroundings } from '../runs/plan-run.js'
import { readResultFile, readResults } from '../runs/suite/read-results.js'
import {
  type EarlierPart,
  ResultFolder,
  type RunOptions,
  type RunRecord,
  readRun,
} from '../runs/suite/result-folder.js'
import { runSuite } from '../runs/suite/run-suite.js'
import { type SuitePlan, type SuiteTest, testKey } from '../runs/suite/suite.js'
import { suiteResult } from '../runs/suite/suite-result.js'
import { exitStatusOf, verdictOf } from '../runs/verdict.js'
import type { Io, Status } from './io.js'
import { surroundings } from './options.js'
import { writeReport } from './reports.js'
import { readSuiteOptions, type SuiteCommandOptions } from './suite-options.js'
import { SuiteProgress } from './suite-progress.js'

/** A command that runs a suite: what its words mean. */
export interface SuiteCommand {
  suite: string
  profile: string
  words: string[]
  plan(
    words: string[],
    from: Surroundings,
    options: { seed: number; signal: AbortSignal; emit: Emit },
  ): Promise<SuitePlan & { dryRun?: boolean }>
}

/** Runs a suite from the command line to its verdict: the frame of `rapido fstests`, `kselftest` and `suite`. */
export async function runSuiteCommand(command: SuiteCommand, argv: SuiteCommandOptions, io: Io): Promise<Status> {
  const startedAt = new Date()
  const earlier = argv.resume === undefined ? undefined : earlierRun(resolve(io.cwd, argv.resume), command, argv)
  const options = readSuiteOptions(argv, earlier?.run.options)
  const baseline = argv.baseline === undefined ? undefined : readResults(resolve(io.cwd, argv.baseline))
  const progress = new SuiteProgress(io)
  try {
    let result: SuiteResult
    try {
      const outcome = await planAndRun(command, argv, { io, earlier, options, progress })
      if (outcome === 'listed') return 0
      result = outcome
    } catch (error) {
      // A host that cannot run it is a result too, for whoever reads the reports.
      if (!(error instanceof RapidoError) || error.code === 'usage') throw error
      result = unplanned(command, startedAt, error)
    }
    progress.done()
    await tellResult(result, argv, io)
    if (baseline) io.stderr.write(comparisonText(compareSuites(baseline, result), styled(io)))
    return result.exitStatus
  } finally {
    progress.done()
  }
}

/** A run that goes on: it is asked what it was asked then. */
function earlierRun(path: string, command: SuiteCommand, argv: SuiteCommandOptions): { path: string; run: RunRecord } {
  const run = readRun(path)
  const options = ['results', 'shard'].filter((name) => name in argv && argv[name as 'results'] !== undefined)
  if (options.length > 0)
    throw new RapidoError('usage', `--resume goes on in its own folder: leave out --${options[0]}`)
  if (run.profile !== command.profile) {
    throw new RapidoError('usage', `${path} has results of ${run.profile}, not of ${command.profile}`)
  }
  if (command.words.length > 0 && command.words.join('\0') !== run.words.join('\0')) {
    throw new RapidoError('usage', `${path} was asked for other tests: ${run.words.join(' ')}`, {
      hint: `--resume knows what was asked: leave out ${command.words.join(' ')}`,
    })
  }
  return { path, run }
}

async function planAndRun(
  command: SuiteCommand,
  argv: SuiteCommandOptions,
  around: {
    io: Io
    earlier: { path: string; run: RunRecord } | undefined
    options: RunOptions
    progress: SuiteProgress
  },
): Promise<SuiteResult | 'listed'> {
  const { io, earlier, options, progress } = around
  progress.take({ type: 'phase', phase: 'planning' })
  const seed = earlier?.run.seed ?? argv.seed ?? Date.now() % 2 ** 31
  const from = surroundings({ ...argv, set: [...(earlier?.run.sets ?? []), ...argv.set] }, io)
  const config = argv.config ?? earlier?.run.configFile
  const planned = await command.plan(
    earlier?.run.words ?? command.words,
    { ...from, configFile: config },
    { seed, signal: io.signal, emit: progress.take },
  )
  const plan = earlier ? asRecorded(planned, earlier.run) : sharded(planned, argv, io)
  if (argv['dry-run'] || planned.dryRun) {
    progress.done()
    for (const test of plan.tests) io.stdout.write(`${testKey(test)}${remark(test)}\n`)
    for (const note of plan.notes) progress.say(note)
    return 'listed'
  }
  if (options.testTimeoutMs !== undefined) plan.testTimeoutMs = options.testTimeoutMs
  for (const note of plan.notes) progress.say(note)
  const { folder, attempts, machines, run } = await openFolder(command, argv, {
    io,
    plan,
    options,
    seed,
    earlier,
    config,
  })
  try {
    const outcome = await runSuite(plan, {
      folder,
      attempts,
      machines,
      ...options,
      signal: io.signal,
      emit: progress.take,
      tell: progress.tell,
    })
    const { run: settings } = plan.run.settings
    const result = suiteResult(run, {
      ...outcome,
      folder: folder.path,
      failOn: settings.fail_on,
      strict: options.strict || options.untilFail, // what it found is what was looked for
      untilFail: options.untilFail,
      now: new Date(),
    })
    return writeResult(folder, result)
  } finally {
    await folder.release()
  }
}

function remark({ excluded, excused }: SuiteTest): string {
  if (excused) return `  # runs although excluded: ${excused.reason}`
  return excluded === undefined ? '' : `  # excluded: ${excluded}`
}

function asRecorded(plan: SuitePlan, run: RunRecord): SuitePlan {
  if (plan.run.kernel.release !== run.kernel) {
    throw new RapidoError('usage', `that run was of kernel ${run.kernel}, and here is ${plan.run.kernel.release}`, {
      hint: 'kernel.src or kernel.release names the kernel; results of two are two runs',
    })
  }
  return { ...plan, tests: run.tests, shard: run.shard }
}

function sharded(plan: SuitePlan, argv: SuiteCommandOptions, io: Io): SuitePlan {
  const shard = readShard(argv.shard, io.env)
  if (shard === undefined) return plan
  const times = argv.times === undefined ? new Map<string, number>() : readTimes(resolve(io.cwd, argv.times))
  const part = new Set(splitTests(plan.tests.map(testKey), shard.count, times)[shard.index - 1])
  const name = `${shard.index}/${shard.count}`
  const note = shard.source === '--shard' ? [] : [`shard ${name}, by ${shard.source}; --shard none runs all tests`]
  const tests = plan.tests.filter((test) => part.has(testKey(test)))
  return { ...plan, tests, shard: name, notes: [...plan.notes, ...note] }
}

/** Times by testKey: of a results.json, or of a check.time. */
function readTimes(path: string): ReadonlyMap<string, number> {
  const text = readText(path)
  if (!text.trimStart().startsWith('{')) return parseCheckTime(text)
  const times = readResultFile(path).tests.flatMap((test): [string, number][] => {
    const last = test.attempts.at(-1)
    return last ? [[testKey(test), last.durationMs]] : []
  })
  return new Map(times)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new RapidoError('usage', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}

async function openFolder(
  { suite, profile, words }: SuiteCommand,
  argv: SuiteCommandOptions,
  around: {
    io: Io
    plan: SuitePlan
    options: RunOptions
    seed: number
    earlier: { path: string; run: RunRecord } | undefined
    config: string | undefined
  },
): Promise<EarlierPart & { folder: ResultFolder; run: RunRecord }> {
  const { io, plan, options, seed, earlier, config } = around
  if (earlier) return { ...(await ResultFolder.resume(earlier.path)), run: earlier.run }
  const startedAt = new Date().toISOString()
  const run: RunRecord = {
    schemaVersion: 1,
    suite,
    profile,
    words,
    sets: argv.set,
    options,
    configFile: config === undefined ? undefined : resolve(io.cwd, config),
    seed,
    kernel: plan.run.kernel.release,
    startedAt,
    shard: plan.shard,
    tests: plan.tests,
    notes: plan.notes,
  }
  const path =
    argv.results === undefined
      ? resultsFolder(plan.run.settings.paths.state, { profile, startedAt })
      : resolve(io.cwd, argv.results)
  return { folder: await ResultFolder.create(path, run), attempts: [], machines: [], run }
}

/** A folder that cannot take its reports changes what the run is: who reads them later would read old ones, or none. */
function writeResult(folder: ResultFolder, result: SuiteResult): SuiteResult {
  try {
    folder.write('results.json', suiteJson(result))
    folder.write('junit.xml', suiteJunit(result))
    folder.write('results.tap', suiteTap(result))
    folder.write('summary.txt', suiteSummary(result))
    return result
  } catch (failure) {
    if (!(failure instanceof RapidoError) || result.verdict.kind === 'host') return result
    const verdict = verdictOf({ failure, steps: [], incidents: [] })
    return { ...result, verdict, exitStatus: exitStatusOf(verdict) }
  }
}

/** Writes the reports that were asked for, and tells people. */
export async function tellResult(
  result: SuiteResult,
  argv: Pick<SuiteCommandOptions, 'junit' | 'tap' | 'json'>,
  io: Io,
): Promise<void> {
  if (argv.junit !== undefined) await writeReport(argv.junit, suiteJunit(result), io)
  if (argv.tap !== undefined) await writeReport(argv.tap, suiteTap(result), io)
  if (argv.json !== undefined) await writeReport(argv.json, suiteJson(result), io)
  io.stderr.write(suiteSummary(result, styled(io)))
}

/** Colours for a terminal that wants them. */
export function styled(io: Io) {
  return io.stderr.isTTY && !io.env.NO_COLOR ? { style: styleText } : {}
}

function unplanned({ suite, profile }: SuiteCommand, startedAt: Date, failure: RapidoError): SuiteResult {
  const verdict = verdictOf({ failure, steps: [], incidents: [] })
  return {
    suite,
    profile,
    kernel: 'unknown kernel',
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    shard: undefined,
    verdict,
    exitStatus: exitStatusOf(verdict),
    tests: [],
    machines: [],
    incidents: [],
    missing: [],
    notes: [],
    folder: '',
  }
}
