import { kernelReports, maxReports, reportText, seconds } from './junit-parts.js'
import { maxOutput, plain, tail } from './plain.js'
import type { RunResult, StepResult, Verdict } from './result.js'
import { element, textElement } from './xml.js'

const maxName = 200

/**
 * JUnit XML of a run: a suite with a case for each step. A step that the guest failed is a `failure`; a crash, a
 * timeout, an interruption or a host that can't is an `error` of the step it cut short, or of a case of its own where it
 * cut none: "boot", "kernel" (the kernel reported something) or "run".
 */
export function junit(result: RunResult): string {
  const cases = testCases(result)
  const counts = {
    tests: cases.length,
    failures: cases.filter(({ problem }) => problem?.element === 'failure').length,
    errors: cases.filter(({ problem }) => problem?.element === 'error').length,
  }
  const suite = `rapido.${result.profile}`
  const time = seconds(result.durationMs)
  const suites = element('testsuites', { name: 'rapido', ...counts, time }, [
    element('testsuite', { name: suite, ...counts, skipped: 0, time, timestamp: result.startedAt.slice(0, 19) }, [
      element('properties', {}, properties(result)),
      ...cases.map((testCase) => caseElement(testCase, suite)),
      ...kernelReports(result.incidents),
    ]),
  ])
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suites}\n`
}

interface Problem {
  element: 'failure' | 'error'
  type: string
  message: string
  text: string
}

interface TestCase {
  name: string
  durationMs: number
  problem: Problem | undefined
  stdout?: string | undefined
  stderr?: string | undefined
}

function testCases({ steps, verdict, incidents, consoleLog }: RunResult): TestCase[] {
  const cases = steps.map(
    (step, index): TestCase => ({ ...step, name: caseName(steps, index), problem: stepFailure(step) }),
  )
  const problem = verdictProblem(verdict, { incidents, consoleLog })
  if (problem === undefined) return cases
  if (problem.element === 'failure' && cases.some((testCase) => testCase.problem)) return cases // told already
  const cutShort = cases[steps.findIndex(({ status }) => status === undefined)]
  if (cutShort) {
    cutShort.problem = problem
    return cases
  }
  const name = steps.length === 0 ? 'boot' : verdict.kind === 'crash' ? 'kernel' : 'run'
  return [...cases, { name, durationMs: 0, problem }]
}

/** On one line, and not twice the same: readers of JUnit tell cases apart by name. */
function caseName(steps: StepResult[], index: number): string {
  const name = (step: StepResult) => plain(step.name).replace(/\s+/g, ' ').trim().slice(0, maxName)
  const own = name(steps[index] as StepResult)
  const before = steps.slice(0, index).filter((step) => name(step) === own).length
  return before === 0 ? own : `${own} (${before + 1})`
}

function stepFailure({ status, reason }: StepResult): Problem | undefined {
  if (status === undefined || status === 0) return undefined
  if (reason !== undefined) return { element: 'failure', type: 'assertion', message: reason, text: '' }
  return { element: 'failure', type: 'exit-status', message: `exit status ${status}`, text: '' }
}

function verdictProblem(
  verdict: Verdict,
  { incidents, consoleLog }: Pick<RunResult, 'incidents' | 'consoleLog'>,
): Problem | undefined {
  if (verdict.kind === 'pass') return undefined
  const reports = incidents
    .filter(({ fails }) => fails)
    .slice(0, maxReports)
    .map(reportText)
  const log = consoleLog === undefined ? [] : [`console log: ${consoleLog}`]
  return {
    element: verdict.kind === 'fail' ? 'failure' : 'error',
    type: verdict.kind,
    message: verdict.reason,
    text: [...(reports.length > 0 ? reports : [verdict.reason]), ...log].join('\n\n'),
  }
}

function caseElement(testCase: TestCase, suite: string): string {
  const { name, durationMs, problem, stdout, stderr } = testCase
  const children: string[] = []
  if (problem) {
    const { type, message, text } = problem
    children.push(textElement(problem.element, { type, message }, text))
  }
  if (stdout) children.push(textElement('system-out', {}, tail(stdout, maxOutput)))
  if (stderr) children.push(textElement('system-err', {}, tail(stderr, maxOutput)))
  return element('testcase', { classname: suite, name, time: seconds(durationMs) }, children)
}

function properties(result: RunResult): string[] {
  const { kernel, vm, verdict, exitStatus, consoleLog } = result
  return Object.entries({ kernel, vm, verdict: verdict.kind, 'exit-status': exitStatus, 'console-log': consoleLog })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => element('property', { name, value }))
}
