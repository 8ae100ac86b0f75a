import type { Argv } from 'yargs'
import { RapidoError } from '../errors.js'
import type { RunOptions } from '../runs/suite/result-folder.js'
import type { GlobalOptions } from './io.js'
import { limitMs } from './options.js'

/** The options of every command that runs a suite; all of them long, for check has the short ones. */
export interface SuiteCommandOptions extends GlobalOptions {
  '--'?: string[]
  vms?: number
  shard?: string
  times?: string
  results?: string
  resume?: string
  baseline?: string
  'rerun-failed'?: number
  'until-fail'?: boolean
  'max-crashes'?: number
  'test-timeout'?: string
  timeout?: string
  strict?: boolean
  seed?: number
  'dry-run': boolean
  junit?: string
  tap?: string
  json?: string
}

export function suiteOptions(builder: Argv): Argv {
  const text = { type: 'string', requiresArg: true } as const
  const number = { type: 'number', requiresArg: true } as const
  return builder
    .option('vms', { ...number, describe: 'VMs at once, which share the tests; else 1' })
    .option('shard', { ...text, describe: 'Only the I-th of N parts of the tests: I/N; or none' })
    .option('times', { ...text, describe: 'Split shards by the times in this results.json or check.time' })
    .option('results', { ...text, describe: 'Folder for the results; else one of its own' })
    .option('resume', { ...text, describe: 'Go on with the run in this folder, as it was asked' })
    .option('baseline', { ...text, describe: 'Compare with the results in this folder' })
    .option('rerun-failed', { ...number, describe: 'Run what fails so many times more, in fresh VMs' })
    .option('until-fail', { type: 'boolean', describe: 'Again and again, until a test fails' })
    .option('max-crashes', { ...number, describe: 'End the run after so many crashes and hangs; else 20' })
    .option('test-timeout', { ...text, describe: 'Limit for one test, such as 10m' })
    .option('timeout', { ...text, describe: 'Limit for the whole run, such as 4h; or none' })
    .option('strict', { type: 'boolean', describe: 'Flaky tests fail the run; a crash is status 4, a hang 5' })
    .option('seed', { ...number, describe: 'Repeat the order of -r' })
    .option('dry-run', { type: 'boolean', default: false, describe: 'List the tests, run none' })
    .option('junit', { ...text, describe: 'Write the result as JUnit XML to this file' })
    .option('tap', { ...text, describe: 'Write the result as TAP to this file; - is stdout' })
    .option('json', { ...text, describe: 'Write the result as JSON to this file; - is stdout' })
}

/** Those of rapido that may stand among the words of check, and whether they take a value. */
const ownOptions: Record<string, boolean> = {
  ...Object.fromEntries(
    [
      'vms',
      'shard',
      'times',
      'results',
      'resume',
      'baseline',
      'rerun-failed',
      'max-crashes',
      'test-timeout',
      'timeout',
    ].map((name) => [name, true]),
  ),
  ...{ seed: true, junit: true, tap: true, json: true, set: true, config: true },
  ...{ 'until-fail': false, strict: false, 'dry-run': false, 'run-excluded': false, verbose: false, help: false },
}

/**
 * `rapido fstests xfs -g quick --vms 2 generic/001` with the words of check behind "--", where no option parser of ours
 * sees them. Other command lines are left as they are.
 */
export function withCheckWordsApart(args: string[]): string[] {
  const at = args.findIndex((word, index) => word === 'fstests' && !isValue(args, index))
  if (at < 0 || args.slice(0, at).some((word, index) => !word.startsWith('-') && !isValue(args, index))) return args
  const own = args.slice(0, at + 1)
  const check: string[] = []
  let fs = false
  for (let index = at + 1; index < args.length; index++) {
    const word = args[index] as string
    if (word === '--') {
      check.push(...args.slice(index + 1))
      break
    }
    const [, name = '', value] = /^--([a-z-]+)(=.*)?$/s.exec(word) ?? []
    if (Object.hasOwn(ownOptions, name) || word === '-h') {
      own.push(word)
      if (ownOptions[name] && value === undefined && index + 1 < args.length) own.push(args[++index] as string)
    } else if (!fs && !word.startsWith('-')) {
      own.push(word)
      fs = true
    } else check.push(word)
  }
  return check.length > 0 ? [...own, '--', ...check] : own
}

/** Whether the word is the value of a global option before it. */
function isValue(args: string[], index: number): boolean {
  return ['--set', '--config'].includes(args[index - 1] ?? '')
}

/** What the command line says; what it leaves out is as it was in the run that goes on, if one does. */
export function readSuiteOptions(argv: SuiteCommandOptions, earlier: RunOptions = usual): RunOptions {
  const { 'test-timeout': testTimeout, timeout } = argv
  const options: RunOptions = {
    vms: wholeNumber('--vms', argv.vms, { from: 1, to: 100 }) ?? earlier.vms,
    maxCrashes: wholeNumber('--max-crashes', argv['max-crashes'], { from: 0, to: 1_000_000 }) ?? earlier.maxCrashes,
    rerunFailed: wholeNumber('--rerun-failed', argv['rerun-failed'], { from: 0, to: 1000 }) ?? earlier.rerunFailed,
    untilFail: argv['until-fail'] ?? earlier.untilFail,
    strict: argv.strict ?? earlier.strict,
    testTimeoutMs: testTimeout === undefined ? earlier.testTimeoutMs : testLimitMs(testTimeout),
    timeoutMs: timeout === undefined ? undefined : limitMs('--timeout', timeout), // of this part alone
  }
  if (options.untilFail && options.rerunFailed > 0) {
    throw new RapidoError('usage', '--until-fail ends with the first failure: --rerun-failed has nothing to do')
  }
  return options
}

const usual: RunOptions = { vms: 1, maxCrashes: 20, rerunFailed: 0, untilFail: false, strict: false }

/** A count as typed, if it was. */
function wholeNumber(
  option: string,
  value: number | undefined,
  { from, to }: { from: number; to: number },
): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= from && value <= to)) return value
  throw new RapidoError('usage', `${option}: use a number from ${from} to ${to}`)
}

function testLimitMs(text: string): number {
  const ms = limitMs('--test-timeout', text)
  if (ms !== undefined) return ms
  throw new RapidoError('usage', '--test-timeout: a test always has an end: say how long it may take, such as 12h')
}
