import type { Attempt } from '../../report/suite-result.js'
import type { ProgramSummary } from './suite.js'

/**
 * Verdicts are read test by test from what is printed; what the program counts at its end must be the same. A note for
 * each test where it is not.
 */
export function disagreements(
  verdicts: ReadonlyMap<string, Attempt['status']>,
  own: ProgramSummary | undefined,
): string[] {
  if (own === undefined) return []
  const told = (name: string) => (own.failed.includes(name) ? 'fail' : own.notRun.includes(name) ? 'notrun' : 'pass')
  return [...verdicts].flatMap(([name, status]) =>
    own.ran.includes(name) && told(name) !== status
      ? [`${name}: read as "${status}" from its output, "${told(name)}" in the suite's own summary`]
      : [],
  )
}
