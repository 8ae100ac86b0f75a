import { kernelReports, seconds } from './junit-parts.js'
import { maxOutput, oneLine, tail } from './plain.js'
import { attachments, failureText, subtestLines, withoutAttachments } from './suite-junit-text.js'
import { type RunProblem, runProblem } from './suite-problem.js'
import type { Attempt, SuiteResult, TestResult } from './suite-result.js'
import { fileToRead, firstFailure, hasFailed, wasLeftOut } from './suite-tests.js'
import { element, textElement } from './xml.js'

const maxName = 200
const maxReruns = 20 // of a test that ran a hundred times
const maxLines = 200 // of warnings

/**
 * JUnit XML of a suite's run: a testsuite for each configuration, with a case for each test. Attempts that failed are
 * `flakyFailure` of a test that passed too and `rerunFailure` of one that never did, in Surefire's form (the text in
 * `stackTrace`), which Jenkins reads. Files are attached as Jenkins' JUnit Attachments plugin has it.
 */
export function suiteJunit(result: SuiteResult): string {
  const configs = [...new Set(result.tests.map(({ config }) => config))]
  const problem = runProblem(result)
  const suites = (configs.length > 0 ? configs : [undefined]).map((config, index) => {
    const tests = result.tests.filter((test) => test.config === config)
    const name = oneLine(config === undefined ? result.profile : `${result.profile}.${config}`, maxName)
    return index === 0
      ? suiteElement(result, { name, tests, problem, reports: kernelReports(result.incidents) })
      : suiteElement(result, { name, tests, problem: undefined, reports: [] })
  })
  const { tests, failures, errors } = counts(result.tests, problem)
  const time = seconds(result.durationMs)
  const all = element('testsuites', { name: 'rapido', tests, failures, errors, time }, suites)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${all}\n`
}

interface Suite {
  name: string
  tests: TestResult[]
  problem: RunProblem | undefined
  reports: string[]
}

function suiteElement(result: SuiteResult, { name, tests, problem, reports }: Suite): string {
  const time = seconds(tests.flatMap(({ attempts }) => attempts).reduce((sum, { durationMs }) => sum + durationMs, 0))
  const timestamp = result.startedAt.slice(0, 19)
  return element('testsuite', { name, ...counts(tests, problem), time, timestamp }, [
    element('properties', {}, properties(result)),
    ...tests.map((test) => testElement(test, { classname: name, result })),
    ...(problem ? [problemElement(problem, name)] : []),
    ...reports.map(withoutAttachments),
  ])
}

function counts(tests: TestResult[], problem: RunProblem | undefined) {
  const failed = tests.filter(({ status }) => status === 'fail').length
  const broken = tests.filter(({ status }) => ['crash', 'timeout', 'unfinished'].includes(status)).length
  return {
    tests: tests.length + (problem ? 1 : 0),
    failures: failed + (problem?.kind === 'fail' ? 1 : 0),
    errors: broken + (problem && problem.kind !== 'fail' ? 1 : 0),
    skipped: tests.filter(wasLeftOut).length,
  }
}

function properties({ kernel, profile, verdict, exitStatus, shard }: SuiteResult): string[] {
  return Object.entries({ kernel, profile, verdict: verdict.kind, 'exit-status': exitStatus, shard })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => element('property', { name, value }))
}

function problemElement({ name, kind, message, text }: RunProblem, classname: string): string {
  const problem = textElement(kind === 'fail' ? 'failure' : 'error', { type: kind, message }, tail(text, maxOutput))
  return element('testcase', { classname, name, time: seconds(0) }, [problem])
}

function testElement(test: TestResult, { classname, result }: { classname: string; result: SuiteResult }): string {
  const { attempts } = test
  const out = [...attachments(attempts, result.folder), ...subtestLines(test)]
  const err = [...new Set(attempts.flatMap(({ warnings }) => warnings))].slice(0, maxLines)
  const time = seconds(attempts.at(-1)?.durationMs ?? 0)
  return element('testcase', { classname, name: oneLine(test.name, maxName), time }, [
    ...outcome(test, result),
    ...lines('system-out', out),
    ...lines(
      'system-err',
      err.map((title) => withoutAttachments(oneLine(title))),
    ),
  ])
}

function lines(name: string, texts: string[]): string[] {
  return texts.length === 0 ? [] : [textElement(name, {}, texts.join('\n'))]
}

function outcome(test: TestResult, result: SuiteResult): string[] {
  const message = oneLine(test.reason)
  switch (test.status) {
    case 'pass':
      return []
    case 'flaky':
      return test.attempts.filter(hasFailed).slice(0, maxReruns).map(rerun('flakyFailure'))
    case 'notrun':
    case 'excluded':
    case 'skipped':
      return [element('skipped', { message })]
    case 'unfinished':
      return [element('error', { type: 'unfinished', message })]
    default:
      return failure(test, result)
  }
}

function failure(test: TestResult, { machines, folder }: SuiteResult): string[] {
  const { status, reason, attempts } = test
  const first = firstFailure(test)
  const file = first && status === 'crash' ? fileToRead(first, machines) : undefined
  const text = first ? [failureText(first), ...(file === undefined ? [] : [`read first: ${folder}/${file}`])] : []
  const name = status === 'fail' ? 'failure' : 'error'
  return [
    textElement(name, { type: status, message: oneLine(first?.reason || reason) }, text.join('\n\n')),
    ...attempts
      .filter((attempt) => attempt !== first && hasFailed(attempt))
      .slice(0, maxReruns)
      .map(rerun('rerunFailure')),
  ]
}

function rerun(name: 'flakyFailure' | 'rerunFailure'): (attempt: Attempt) => string {
  return (attempt) =>
    element(name, { message: oneLine(attempt.reason), type: attempt.status }, [
      textElement('stackTrace', {}, failureText(attempt)),
    ])
}
