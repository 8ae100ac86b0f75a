import { plain } from '../../report/plain.js'

/** What fstests' `check` said of one test. */
export interface CheckVerdict {
  status: 'pass' | 'fail' | 'notrun' | 'excluded'
  seconds: number | undefined // of one that passed, the checks after it included
  reason: string // one line; empty for one that passed
  output: string // all that was printed, without the times and what is not this test's
}

/** The last words of fstests' `check`. */
export interface CheckSummary {
  ran: string[] // those not run are among them; empty with -b
  failed: string[]
  notRun: string[] // empty with -b
  interrupted: boolean
}

/**
 * Reads what `check` prints from behind a test's name to the next test or the end. Only the time at the end means that
 * all was well: where a test passed, the checks after it may still have found something.
 */
export function readCheckVerdict(text: string): CheckVerdict {
  const { lines, interrupted } = ownLines(plain(text))
  const output = lines.join('\n')
  if (lines[0] === '[expunged]') return { status: 'excluded', seconds: undefined, reason: 'expunged', output }
  const notRun = lines.findIndex((line) => notRunMark.test(line))
  if (notRun >= 0) {
    return { status: 'notrun', seconds: undefined, reason: notRunReason(lines.slice(notRun)), output }
  }
  const found = [...new Set(lines.flatMap(findings))]
  const passed = /^ ?(\d+)s$/.exec(lines.at(-1) ?? '')
  if (passed && found.length === 0) {
    return {
      status: 'pass',
      seconds: Number(passed[1]),
      reason: '',
      output: output.slice(0, -passed[0].length).trimEnd(),
    }
  }
  if (found.length === 0) found.push(interrupted ? 'interrupted' : (lines.find((line) => line !== '') ?? 'no verdict'))
  return { status: 'fail', seconds: undefined, reason: found.join('; ').slice(0, maxReason), output }
}

/** Reads what `check` ends with, of the last section where there are several; undefined where it did not come to it. */
export function readCheckSummary(text: string): CheckSummary | undefined {
  const lines = plain(text)
    .split('\n')
    .map((line) => line.trimEnd())
  const end = lines.findLastIndex((line) => /^(?:Passed all|Failed \d+ of) \d+ tests$/.test(line))
  if (end < 0) return undefined
  const words = lines.slice(0, end + 1)
  const start = words.findLastIndex((line, index) => index < end && !belongs.test(line)) + 1
  const tests = (of: RegExp) => words.slice(start).flatMap((line) => of.exec(line)?.[1]?.split(' ') ?? [])
  return {
    ran: tests(/(?:^|[\s\]])Ran: (.+)/),
    failed: tests(/^Failures: (.+)/),
    notRun: tests(/^Not run: (.+)/),
    interrupted: words.some((line) => /(?:^|[\s\]])Interrupted!$/.test(line)), // sections end with all again, but for this
  }
}

const maxReason = 300

// " 3s ... ", the time of the last run; "[12:34:56]" of -T, before and behind the test
const lastTime = /^\s*(?:\d+s \.\.\.)?\s*/
const clocks = /^(?:\s*\[\d\d:\d\d:\d\d\])+\s*/
// "generic/002   3s ...  [12:34:56]": check is at the next one
const nextTest = /^[a-z0-9-]+\/\d{3}\S*(?:\s+\d+s \.\.\.)?\s*(?:\[\d\d:\d\d:\d\d\]\s*)?$/
// The last words; "generic/001 aggregate results across 3 runs: …" of -L
const noTest =
  /^(?:Ran: |Interrupted!$|Not run: |Failures: |Passed all \d+ tests$|Failed \d+ of \d+ tests$|[a-z0-9-]+\/\d\S* aggregate results )/
// They begin on the test's own line if it was interrupted.
const cutShort = /(?:^|(?<=[\s\]]))(?:Ran: |Interrupted!$)/

/** The lines without what is not the test's, the times before it, and empty lines at the end. */
function ownLines(text: string): { lines: string[]; interrupted: boolean } {
  const all = text.split('\n')
  const cut = cutShort.exec(all[0] as string)
  if (cut) return { lines: ownText([(all[0] as string).slice(0, cut.index)]), interrupted: true }
  const end = all.findIndex(
    (line, index) => index > 0 && (noTest.test(line) || (index === all.length - 1 && nextTest.test(line))),
  )
  const lines = end < 0 ? all : all.slice(0, end)
  return { lines: ownText(lines), interrupted: end >= 0 && all.slice(end).includes('Interrupted!') }
}

function ownText([first = '', ...others]: string[]): string[] {
  const lines = [first.replace(lastTime, ''), ...others].map((line) => line.replace(clocks, '').trimEnd())
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)
}

const notRunMark = /^(?:\[dumped core\])? ?\[not run\]/

/** On the same line; with -T behind "NAME -- " on the next. */
function notRunReason([line = '', next = '']: string[]): string {
  const reason = line.replace(notRunMark, '').trim() || next.replace(/^\s+\S+ -- /, '').trim()
  return reason.slice(0, maxReason)
}

// As check, common/rc, common/xfs, common/btrfs and common/overlay write them.
const problems: [RegExp, (match: RegExpExecArray) => string][] = [
  [/\[dumped core\]/, () => 'dumped core'],
  [/\[failed, exit status (\d+)\]/, ([, status]) => `exit status ${status}`],
  [/_check_\w+: ((?:filesystem|overlayfs) on .+)/, ([, what]) => (what as string).replace(/ \(r\)$/, '')],
  [/_repair_test_fs: failed, err=(\d+)/, ([, error]) => `repair of TEST_DEV failed with ${error}`],
  [/!!! (failed to remount .+)/, ([, what]) => what as string],
  [/_check_dmesg: something found in dmesg/, () => 'dmesg: something found'],
  [/_check_kmemleak: something found in kmemleak/, () => 'kmemleak: something found'],
  [/no qualified output$/, () => 'no qualified output'],
  [/- output mismatch \(see /, () => 'output mismatch'],
  [/^- no such test\?$/, () => 'no such test'],
]

/** Several may stand on a line, told in their order. The indented ones are what the test itself printed. */
function findings(line: string): string[] {
  if (line.startsWith('    ')) return []
  const found = problems.flatMap(([pattern, told]) => {
    const match = pattern.exec(line)
    return match ? [{ at: match.index, reason: told(match) }] : []
  })
  return found.sort((a, b) => a.at - b.at).map(({ reason }) => reason)
}

// An interrupted test's line has no end when the words begin.
const belongs = /^(?:Not run|Failures): |(?:^|[\s\]])(?:Ran: \S+\/\d|Interrupted!$)/
