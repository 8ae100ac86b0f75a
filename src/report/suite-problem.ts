import { maxReports, reportText } from './junit-parts.js'
import { oneLine } from './plain.js'
import type { Verdict } from './result.js'
import type { SuiteResult } from './suite-result.js'
import { hasFailed } from './suite-tests.js'

/** What went wrong with a run besides its tests, as a case of its own. */
export interface RunProblem {
  name: 'kernel' | 'run'
  kind: Exclude<Verdict['kind'], 'pass'>
  message: string // one line
  text: string
}

/**
 * "kernel" where a report outside of any test counts; "run" where the run did not pass and no test tells it: the host
 * could not run it, or flaky tests count.
 */
export function runProblem({ tests, incidents, verdict }: SuiteResult): RunProblem | undefined {
  const counted = incidents.filter(({ fails }) => fails)
  const first = counted[0]
  if (first) {
    const text = counted.slice(0, maxReports).map(reportText).join('\n\n')
    return { name: 'kernel', kind: 'crash', message: oneLine(first.cause ?? first.title), text }
  }
  const told = tests.some((test) => hasFailed(test) || test.status === 'unfinished')
  if (verdict.kind === 'pass' || told) return undefined
  return { name: 'run', kind: verdict.kind, message: oneLine(verdict.reason), text: verdict.reason }
}
