import type { IncidentResult, MachineResult, RunResult, StepResult } from './result.js'
import type { Phase } from './timing.js'

/**
 * A run as JSON, for machines. Every field is always there, in this order, null where there is nothing to say;
 * `schemaVersion` changes when a field changes its meaning or goes. Times in milliseconds.
 */
export function json(result: RunResult): string {
  return `${JSON.stringify(
    {
      schemaVersion: 1,
      profile: result.profile,
      kernel: result.kernel,
      vm: result.vm ?? null,
      verdict: { kind: result.verdict.kind, reason: 'reason' in result.verdict ? result.verdict.reason : null },
      exitStatus: result.exitStatus,
      startedAt: result.startedAt,
      durationMs: result.durationMs,
      steps: result.steps.map(step),
      incidents: result.incidents.map(incident),
      consoleLog: result.consoleLog ?? null,
      machines: result.machines.map(machine),
      notes: result.notes ?? [],
      kept: result.kept ?? null,
      timing: result.timing?.map(phase) ?? null,
    },
    null,
    2,
  )}\n`
}

function machine({ role, profile, kernel, vm, consoleLog }: MachineResult) {
  return { role: role ?? null, profile, kernel, vm: vm ?? null, consoleLog: consoleLog ?? null }
}

function step({ name, status, durationMs, stdout, stderr, reason }: StepResult) {
  return {
    name,
    status: status ?? null,
    durationMs,
    stdout: stdout ?? null,
    stderr: stderr ?? null,
    reason: reason ?? null,
  }
}

function phase({ name, startMs, durationMs }: Phase) {
  return { name, startMs, durationMs }
}

/** A kernel report in any of the JSON documents. */
export function incident({ kind, role, title, lines, consoleLine, repeats, cause, note, fails }: IncidentResult) {
  return {
    kind,
    role: role ?? null,
    title,
    lines,
    consoleLine,
    repeats: repeats ?? 0,
    cause: cause ?? null,
    note: note ?? null,
    fails,
  }
}
