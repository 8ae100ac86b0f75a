import { exitStatus, RapidoError } from '../errors.js'
import type { IncidentResult, StepResult, Verdict } from '../report/result.js'

/**
 * What a run means. A kernel report that counts comes first: it is the cause of whatever else went wrong, such as a
 * command that hangs on a dead task's lock.
 */
export function verdictOf(run: { failure: unknown; steps: StepResult[]; incidents: IncidentResult[] }): Verdict {
  const counted = run.incidents.find((incident) => incident.fails)
  if (counted) {
    const where = counted.role === undefined ? '' : `${counted.role}: `
    return { kind: 'crash', reason: `${where}${counted.cause ?? counted.title}` }
  }
  if (run.failure !== undefined) return failed(run.failure)
  const step = run.steps.find(({ status }) => status !== 0)
  if (step) return { kind: 'fail', reason: `${step.name}: exit status ${step.status ?? 'unknown'}` }
  return { kind: 'pass' }
}

/** The exit status of rapido for a verdict (docs/architecture.md). */
export function exitStatusOf(verdict: Verdict): number {
  switch (verdict.kind) {
    case 'pass':
      return exitStatus.success
    case 'fail':
      return exitStatus.guest
    case 'crash':
      return exitStatus.crash
    case 'timeout':
      return exitStatus.timeout
    case 'interrupted':
      return exitStatus.interrupted
    case 'host':
      return exitStatus.host
  }
}

/** Usage errors and bugs are no verdict: they go on to whoever called. */
function failed(failure: unknown): Verdict {
  if (!(failure instanceof RapidoError)) throw failure
  const reason = failure.hint === undefined ? failure.message : `${failure.message}\n${failure.hint}`
  switch (failure.code) {
    case 'guest':
      return { kind: 'fail', reason }
    case 'usage':
      throw failure
    default:
      return { kind: failure.code, reason }
  }
}
