import { plain } from '../../report/plain.js'

/** What blktests' `check` said of one test. */
export interface BlktestsVerdict {
  status: 'pass' | 'fail' | 'notrun'
  seconds: number | undefined // its runtime; undefined where it did not run
  reason: string // one line; empty for one that passed
  output: string
}

/**
 * Reads what `./check block/001` prints. A test may run several times, for each device or each of its conditions: one
 * that failed is enough, and it is not run only where none was.
 */
export function readBlktestsVerdict(text: string): BlktestsVerdict {
  const output = plain(text).trimEnd()
  const results = resultsOf(output.split('\n'))
  const failed = results.filter(({ status }) => status === 'failed')
  const notRun = results.filter(({ status }) => status === 'not run')
  const ran = results.filter(({ status }) => status !== 'not run')
  const runtimes = ran.map(runtimeOf).filter((seconds) => seconds !== undefined)
  const seconds = runtimes.length === 0 ? undefined : runtimes.reduce((sum, each) => sum + each, 0)
  if (results.length === 0) {
    const said = output.split('\n').findLast((line) => line.startsWith('./check: ') || line.includes('/check: '))
    return { status: 'fail', seconds, reason: said?.replace(/^\S*check: /, '') ?? 'no verdict', output }
  }
  if (failed.length > 0) return { status: 'fail', seconds, reason: told(failed, failure, results), output }
  if (ran.length === 0) return { status: 'notrun', seconds, reason: told(notRun, skipReasons, results), output }
  return { status: 'pass', seconds, reason: '', output }
}

interface Result {
  status: string
  which: string // "nullb0", "tr=loop"
  details: string[] // the indented lines below
}

const maxReason = 300

// "nvme/003 => nvme0n1 (tr=loop) (what it tests)        [passed]"; of a whole group "nvme/*** [not run]"
const verdictLine = /^\S+\/\S+ .*\[(passed|failed|not run)\]$/
// The same without a status is printed when the test starts.
const testLine = /^[\w-]+\/(?:\d{3}|\*{3})(?: |$)/
// "runtime  6.041s  ...  6.114s": of the last time, and of this one; either may be missing
const metric = /^\S.*\s\.\.\.(?:\s|$)/

function resultsOf(lines: string[]): Result[] {
  const results: Result[] = []
  let current: Result | undefined
  for (const line of lines) {
    const status = verdictLine.exec(line)?.[1]
    if (status !== undefined) {
      current = { status, which: whichOf(line), details: [] }
      results.push(current)
    } else if (line.startsWith('    ')) current?.details.push(line.slice(4))
    else if (testLine.test(line)) current = undefined
  }
  return results
}

function whichOf(told: string): string {
  const line = told.replace(/\s*\[[^\]]*\]$/, '') // where the device does not fit, no description follows it
  const device = /^\S+ => ([^(]*[^( ])/.exec(line)?.[1] ?? ''
  const condition = /^[^(]*\(([^)]*)\) \(/.exec(line)?.[1] ?? ''
  return [device, condition].filter((part) => part !== '').join(' ')
}

/** The different reasons; with which it was where it is not all of several. */
function told(results: Result[], reasonOf: (result: Result) => string, all: Result[]): string {
  const reasons = [...new Set(results.map(reasonOf))]
  const isAll = reasons.length === 1 && results.length === all.length
  const parts = isAll ? reasons : results.map((result) => `${result.which || 'once'}: ${reasonOf(result)}`)
  return parts.join('; ').slice(0, maxReason)
}

/** Below the metrics stands what went wrong. */
function failure({ details }: Result): string {
  const first = details.find((line) => !metric.test(line)) ?? ''
  if (first.startsWith('--- tests/')) return 'output mismatch'
  if (first.startsWith('something found in dmesg')) return 'dmesg: something found'
  if (first.startsWith('kmemleak detected')) return 'kmemleak: something found'
  const status = /^exited with status (\d+)$/.exec(first)?.[1]
  return status === undefined ? first || 'failed' : `exit status ${status}`
}

function skipReasons({ details }: Result): string {
  return details.filter((line) => !metric.test(line)).join('; ')
}

function runtimeOf({ details }: Result): number | undefined {
  const runtime = details.map((line) => /^runtime\s.*\.\.\.\s+(\d+(?:\.\d+)?)s$/.exec(line)?.[1]).find(Boolean)
  return runtime === undefined ? undefined : Number(runtime)
}
