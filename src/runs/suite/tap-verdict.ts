import { plain } from '../../report/plain.js'
import type { Subtest } from '../../report/suite-result.js'
import { exitReason, lastLine } from './exit-verdict.js'
import { TapReader, type TapResult } from './ktap.js'
import type { SuiteProgram, TestVerdict } from './suite.js'

const maxReason = 300

/**
 * What became of a test that prints TAP or KTAP. kselftest's runner prints a point of its own around each test: that is
 * the test, and no subtest. A status that is not 0 is a failure whatever the points say, but for 4, kselftest's SKIP.
 */
export function readTapVerdict(said: Parameters<SuiteProgram['verdict']>[0]): TestVerdict {
  const verdict = verdictOfText(said)
  if (!said.isCut || verdict.status === 'fail') return verdict
  return { ...verdict, status: 'fail', reason: 'it printed so much that points at the beginning are lost' }
}

function verdictOfText({ text, exit }: Parameters<SuiteProgram['verdict']>[0]): TestVerdict {
  const output = plain(text).trimEnd()
  const { result, wrapper } = readTap(output)
  const subtests = withoutWrapper(result.subtests, wrapper)
  const failed = subtests.filter(({ status }) => status === 'fail')
  const hasFailed = failed.length > 0 || wrapper?.status === 'fail' || result.bailedOut !== undefined
  if (exit === 4 && !hasFailed)
    return { status: 'notrun', reason: skipReason(result) || lastLine(text), output, subtests }
  const isWell = result.status !== 'fail' && problemsOf(result, wrapper).length === 0 && exit === 0
  if (!isWell)
    return { status: 'fail', reason: failure(result, { wrapper, failed, subtests, text, exit }), output, subtests }
  if (result.status === 'skip' || wrapper?.status === 'skip')
    // whatever it did before it gave up
    return { status: 'notrun', reason: wrapper?.reason || skipReason(result), output, subtests }
  return { status: 'pass', reason: '', output, subtests }
}

/** The stream, and the point of kselftest's runner where it is all there is at the top. */
function readTap(text: string): { result: TapResult; wrapper: Subtest | undefined } {
  const top: Subtest[] = []
  const reader = new TapReader({ onPoint: (point) => top.push(point) })
  reader.feed(text)
  const result = reader.end()
  const [point] = top
  return { result, wrapper: top.length === 1 && point?.name.startsWith('selftests: ') ? point : undefined }
}

function withoutWrapper(subtests: Subtest[], wrapper: Subtest | undefined): Subtest[] {
  if (wrapper === undefined) return subtests
  const inside = subtests.filter(({ name }) => name.startsWith(`${wrapper.name}/`))
  return inside.map((each) => ({ ...each, name: each.name.slice(wrapper.name.length + 1) }))
}

/**
 * What does not add up. A test of kselftest that prints a plan and never a point told its result by its exit status:
 * that of its wrapper (kcmp_test, up to Linux 6.1 at least).
 */
function problemsOf({ problems }: TapResult, wrapper: Subtest | undefined): string[] {
  if (wrapper?.status !== 'pass') return problems
  return problems.filter(
    (problem) => !(problem.startsWith(`${wrapper.name}: `) && /: planned \d+, saw 0$/.test(problem)),
  )
}

/** "tcp/connect: no route (2 of 17 failed)", or what else is wrong. */
function failure(
  result: TapResult,
  said: {
    wrapper: Subtest | undefined
    failed: Subtest[]
    subtests: Subtest[]
    text: string
    exit: number | undefined
  },
): string {
  const { wrapper, failed, subtests, text, exit } = said
  const parts: string[] = []
  if (result.bailedOut !== undefined) parts.push(`bailed out${result.bailedOut === '' ? '' : `: ${result.bailedOut}`}`)
  const [first] = failed
  if (first !== undefined) {
    const why = whyFailed(first)
    const many = subtests.length > 1 ? ` (${failed.length} of ${subtests.length} failed)` : ''
    parts.push(`${first.name}${why === '' ? '' : `: ${why}`}${many}`)
  } else if (wrapper?.status === 'fail') parts.push(runnerReason(wrapper))
  if (parts.length === 0) parts.push(...problemsOf(result, wrapper).slice(0, 2))
  if (exit !== 0 && first === undefined) parts.push(exitReason(text, exit))
  return (parts.join('; ') || 'it failed').slice(0, maxReason)
}

/** The first line that says more than that it began (kselftest_harness.h). */
function whyFailed({ reason }: Subtest): string {
  return (
    reason
      .split('\n')
      .find((line) => !/^\s*(RUN|FAIL)\s/.test(line))
      ?.trim() ?? ''
  )
}

/** kselftest's runner: "exit=1", or "TIMEOUT 45 seconds", then what the test said. */
function runnerReason({ reason }: Subtest): string {
  const [why = '', ...said] = reason.split('\n')
  const status = /^exit=(\d+)$/.exec(why)?.[1]
  const last = said
    .findLast((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 200)
  return [status === undefined ? why : `exit status ${status}`, last ?? ''].filter((part) => part !== '').join('; ')
}

function skipReason({ subtests, reason }: TapResult): string {
  return reason || (subtests.find((each) => each.status === 'skip' && each.reason !== '')?.reason.split('\n')[0] ?? '')
}
