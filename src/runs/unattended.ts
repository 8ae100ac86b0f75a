import { existsSync } from 'node:fs'
import { RapidoError } from '../errors.js'
import type { Incident } from '../machine/incidents.js'
import { symbolise } from '../machine/symbolise.js'
import type { IncidentResult, RunResult, StepResult, Verdict } from '../report/result.js'
import type { Emit } from './events.js'
import { Limits } from './limits.js'
import type { RunPlan } from './plan-run.js'
import { startVm } from './start-vm.js'
import { runBootScript, runStep } from './steps.js'
import { exitStatusOf, verdictOf } from './verdict.js'
import type { Command, Vm } from './vm.js'

export interface UnattendedOptions {
  commands: { name: string; command: Command; script?: Buffer }[]
  signal: AbortSignal // aborted with a RapidoError: 'interrupted'
  emit: Emit
  number?: number | undefined
  term?: string | undefined
}

/** What a guest that has reported a failure gets to finish its report, and to panic if it wants to. */
const reportMs = 2000
/** A guest that hangs or has crashed gets this long to power off by itself. */
const hungPatienceMs = 1000

/**
 * A run without anybody watching: boots, runs boot.sh and the commands, powers off, and says what it all means. It
 * throws nothing of its own accord: whatever happens is in the result.
 */
export async function runUnattended(plan: RunPlan, options: UnattendedOptions): Promise<RunResult> {
  const startedAt = new Date()
  const { run } = plan.settings
  const steps: StepResult[] = []
  const incidents: Incident[] = []
  const limits = new Limits(options.signal)
  let vm: Vm | undefined
  let failure: unknown
  let number: number | undefined
  let consoleLog: string | undefined

  const emit: Emit = (event) => {
    options.emit(event)
    if (event.type === 'claimed') {
      number = event.number
      consoleLog = event.consoleLog
    }
    if (event.type !== 'incident') return
    incidents.push(event.incident)
    if (run.fail_on.includes(event.incident.kind)) {
      const { title } = event.incident.cause ?? event.incident
      limits.endSoon(reportMs, new RapidoError('crash', `the kernel reported: ${title}`))
    }
  }

  try {
    limits.whole(run.timeout)
    await limits.hold(async (signal) => {
      const bootedAt = performance.now()
      vm = await startVm(plan, {
        ...options,
        signal,
        emit,
        size: { rows: 24, columns: 80 },
        onActivity: () => limits.heard(),
      })
      limits.silence(run.silence, vm)
      steps.push({ name: 'boot', status: 0, durationMs: performance.now() - bootedAt })
      await runBootScript(vm, { emit, steps })
      for (const step of options.commands) await runStep(vm, { ...step, emit, steps })
    })
  } catch (error) {
    failure = error
  }
  limits.over()
  emit({ type: 'phase', phase: 'stopping' })
  const stopFailure = await stopped(vm, failure)
  failure ??= stopFailure
  await limits.settled
  const { logError } = vm?.machine.console ?? {}
  if (logError) emit({ type: 'note', text: `the console log is not complete: ${logError.message}` })

  const results = await incidentResults(incidents, plan)
  const verdict: Verdict = verdictOf({ failure, steps, incidents: results })
  return {
    profile: plan.profile.name,
    kernel: vm?.kernelRelease ?? plan.kernel.release,
    vm: number,
    verdict,
    exitStatus: exitStatusOf(verdict),
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    steps,
    incidents: results,
    consoleLog: consoleLog !== undefined && existsSync(consoleLog) ? consoleLog : undefined,
  }
}

/** Stops the VM; a kernel that crashes on its way down is reported as an incident by then. */
async function stopped(vm: Vm | undefined, failure: unknown): Promise<unknown> {
  try {
    await vm?.stop(failure === undefined ? {} : { patienceMs: hungPatienceMs })
    return undefined
  } catch (error) {
    return error
  }
}

/** Reports with source lines where the tree can tell them: of those that count, while that takes no longer than this. */
const symboliseMs = 60_000

async function incidentResults(incidents: Incident[], plan: RunPlan): Promise<IncidentResult[]> {
  const { src, vmlinux, modulesDir } = plan.kernel
  const deadline = performance.now() + symboliseMs
  const results: IncidentResult[] = []
  for (const incident of incidents) {
    const { kind, title, consoleLine, repeats, lines } = incident
    const fails = plan.settings.run.fail_on.includes(kind)
    const result = { kind, title, lines: [...lines], consoleLine, repeats, cause: incident.cause?.title, fails }
    const timeoutMs = deadline - performance.now()
    if (!fails || src === undefined || vmlinux === undefined || timeoutMs <= 0) {
      results.push(result)
      continue
    }
    const readable = await symbolise(lines, { src, vmlinux, modules: modulesDir, timeoutMs })
    results.push({ ...result, lines: readable.lines, note: readable.note })
  }
  return results
}
