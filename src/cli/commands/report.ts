import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { RapidoError } from '../../errors.js'
import { makeFolder } from '../../host/make-folder.js'
import { count } from '../../report/plain.js'
import { compareSuites, comparisonText } from '../../report/suite-compare.js'
import { suiteJson } from '../../report/suite-json.js'
import { suiteJunit } from '../../report/suite-junit.js'
import { mergeSuites, missingShards } from '../../report/suite-merge.js'
import type { SuiteResult } from '../../report/suite-result.js'
import { suiteVerdict, verdictStatus } from '../../report/suite-status.js'
import { suiteTap } from '../../report/suite-tap.js'
import { suiteSummary } from '../../report/suite-text.js'
import { movedTo, readResults } from '../../runs/suite/read-results.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { writeReport } from '../reports.js'
import { styled, tellResult } from '../run-suite-command.js'

interface Options extends GlobalOptions {
  action: string
  dirs: string[]
  results?: string
  strict: boolean
  junit?: string
  tap?: string
  json?: string
}

export function options(builder: Argv): Argv {
  const text = { type: 'string', requiresArg: true } as const
  return builder
    .positional('action', { type: 'string', choices: ['show', 'merge', 'compare'], demandOption: true })
    .positional('dirs', { type: 'string', array: true, default: [], describe: 'Folders with results' })
    .option('results', { ...text, describe: 'merge: folder for the joined results' })
    .option('strict', { type: 'boolean', default: false, describe: 'Flaky tests fail; a crash is status 4, a hang 5' })
    .option('junit', { ...text, describe: 'Write the result as JUnit XML to this file' })
    .option('tap', { ...text, describe: 'Write the result as TAP to this file; - is stdout' })
    .option('json', { ...text, describe: 'Write the result as JSON to this file; - is stdout' })
    .example('$0 report show DIR', 'what a run came to, or has come to so far')
    .example('$0 report merge shards/* --results all', 'joins the results of shards')
    .example('$0 report compare BEFORE AFTER', 'newly failing, newly passing, slower')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const folders = argv.dirs.map((folder) => resolve(io.cwd, folder))
  const wanted = { show: [1, 1], merge: [1, 10_000], compare: [2, 2] }[argv.action] as [number, number]
  if (folders.length < wanted[0] || folders.length > wanted[1]) {
    const what = argv.action === 'compare' ? 'two folders, BEFORE and AFTER' : 'a folder with results'
    throw new RapidoError('usage', `report ${argv.action}: name ${what}`)
  }
  const results = folders.map(readResults)
  const [first, second] = results as [SuiteResult, SuiteResult]
  if (argv.action === 'compare') {
    io.stdout.write(comparisonText(compareSuites(first, second), styled(io)))
    return 0
  }
  const result = judged(argv.action === 'merge' ? merged(results, resolve(io.cwd, argv.results ?? '.')) : first, argv)
  if (argv.results !== undefined) await writeAll(resolve(io.cwd, argv.results), result, io)
  await tellResult(result, argv, io)
  return result.exitStatus
}

function merged(results: SuiteResult[], folder: string): SuiteResult {
  try {
    return { ...mergeSuites(results.map((result) => movedTo(folder, result))), folder }
  } catch (cause) {
    if (cause instanceof RapidoError) throw cause
    throw new RapidoError('usage', `these cannot be joined: ${(cause as Error).message}`, { cause })
  }
}

/** What the tests say now that all are there, unless a run was ended by something else than its tests. */
function judged(result: SuiteResult, { strict, action }: Options): SuiteResult {
  if (result.verdict.kind === 'host' || result.verdict.kind === 'interrupted') return result
  const found = suiteVerdict(result.tests, { strict, incidents: result.incidents })
  const missing = action === 'merge' ? missingShards(result.shard) : []
  if (missing.length === 0) return { ...result, ...found }
  // Nobody would miss the tests of a runner that died before it could hand anything over.
  const { verdict, exitStatus } = found
  const names = missing.slice(0, 5).join(', ') + (missing.length > 5 ? ', …' : '')
  const told = `${count(missing.length, 'shard')} missing: ${names}`
  if (verdict.kind === 'pass')
    return { ...result, verdict: { kind: 'fail', reason: told }, exitStatus: verdictStatus.fail }
  return { ...result, verdict: { ...verdict, reason: `${verdict.reason}; ${told}` }, exitStatus }
}

async function writeAll(folder: string, result: SuiteResult, io: Io): Promise<void> {
  makeFolder(folder, 0o755)
  await writeReport(`${folder}/results.json`, suiteJson(result), io)
  await writeReport(`${folder}/junit.xml`, suiteJunit(result), io)
  await writeReport(`${folder}/results.tap`, suiteTap(result), io)
  await writeReport(`${folder}/summary.txt`, suiteSummary(result), io)
}
