import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../errors.js'
import { askWhy } from '../machine/hang.js'
import type { Incident } from '../machine/incidents.js'
import { endedUnexpectedly } from '../machine/machine.js'
import { symbolise } from '../machine/symbolise.js'
import type { IncidentResult, MachineResult, RunResult, StepResult, Verdict } from '../report/result.js'
import type { Emit, RunEvent } from './events.js'
import { Limits } from './limits.js'
import type { Member } from './plan-group.js'
import { inRole, type Started, startGroup } from './start-group.js'
import { runBootScript } from './steps.js'
import { Turns } from './turns.js'
import { untilAborted } from './until-aborted.js'
import { exitStatusOf, verdictOf } from './verdict.js'
import type { Vm } from './vm.js'

export interface UnattendedOptions {
  profile: string // as it was asked for: of the one machine, or of the group
  /** What is done once all boot.sh have run; `steps` are those so far, more are added to them. */
  script: (machines: Working[], steps: StepResult[]) => Promise<void>
  /** Called with the machines before they are stopped, where something went wrong. */
  onFailure?: ((machines: Started[]) => Promise<void>) | undefined
  /** Whether a machine that ends by itself ends the run even if it is the only one: nobody may be talking to it. */
  watchAll?: boolean
  timeoutMs: number | undefined // for all of it
  signal: AbortSignal // aborted with a RapidoError: 'interrupted'
  emit: Emit
  number?: number | undefined
  term?: string | undefined
}

/** A machine of a run that is up; what `emit` is told is said to be of its role. */
export interface Working {
  role: string | undefined
  vm: Vm
  emit: Emit
}

/** What a guest that has reported a failure gets to finish its report, and to panic if it wants to. */
const reportMs = 2000
/** What the guest has put on its console is here after that. */
const onItsWayMs = 100
/** A guest that hangs or has crashed gets this long to power off by itself. */
const hungPatienceMs = 1000

/**
 * A run without anybody watching: boots its machines, runs their boot.sh and the commands, powers off, and says what it
 * all means. It throws nothing of its own accord: whatever happens is in the result.
 */
export async function runUnattended(members: Member[], options: UnattendedOptions): Promise<RunResult> {
  const startedAt = new Date()
  const records = members.map((member): MachineRecord => ({ ...member, incidents: [] }))
  const steps: StepResult[] = []
  const limits = new Limits(options.signal)
  let failure: unknown

  try {
    limits.whole(options.timeoutMs)
    await limits.hold((signal) => work(records, { ...options, signal, limits, steps }))
  } catch (error) {
    failure = error
  }
  limits.over()
  const started = records.filter((record): record is MachineRecord & Started => record.vm !== undefined)
  if (failure !== undefined && started.length > 0) {
    await delay(onItsWayMs)
    for (const record of started) record.lastLines = record.vm.machine.console.lastLines(8)
  }
  const up = started.filter(({ vm }) => !vm.machine.end)
  if (failure instanceof RapidoError && failure.code === 'timeout') {
    await Promise.all(up.map((record) => tellTasks(record, options).catch(() => {}))) // whoever interrupts does not wait
  }
  if (failure !== undefined && up.length > 0 && !options.signal.aborted) {
    await options.onFailure?.(up).catch((error: Error) => options.emit({ type: 'note', text: error.message }))
  }
  options.emit({ type: 'phase', phase: 'stopping' })
  const stopFailures = await Promise.all(records.map(({ vm }) => stopped(vm, failure)))
  failure ??= stopFailures.find((error) => error !== undefined)
  await limits.settled
  for (const { vm } of records) {
    const { logError } = vm?.machine.console ?? {}
    if (logError) options.emit({ type: 'note', text: `the console log is not complete: ${logError.message}` })
  }

  const incidents = (await Promise.all(records.map(incidentResults))).flat()
  const verdict: Verdict = verdictOf({ failure, steps, incidents })
  const machines = records.map(machineResult)
  const about = machines.find(({ role }) => role === roleOf(verdict, records)) ?? machines[0]
  return {
    profile: options.profile,
    kernel: about?.kernel ?? '',
    vm: about?.vm,
    machines,
    verdict,
    exitStatus: exitStatusOf(verdict),
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    steps,
    incidents,
    consoleLog: about?.consoleLog,
  }
}

/** What is known of a machine, whether it ever got up or not. */
interface MachineRecord extends Member {
  vm?: Vm
  number?: number
  consoleLog?: string
  lastLines?: string[] // of the console, where something went wrong
  incidents: Incident[]
}

async function work(
  records: MachineRecord[],
  options: UnattendedOptions & { limits: Limits; steps: StepResult[] },
): Promise<void> {
  const { limits, steps } = options
  const bootedAt = performance.now()
  const vms = await startGroup(records, {
    ...options,
    emitFor: (member) => emitterOf(member as MachineRecord, options),
    size: { rows: 24, columns: 80 },
    onActivity: () => limits.heard(),
  })
  for (const [index, { vm }] of vms.entries()) (records[index] as MachineRecord).vm = vm
  const [first] = vms
  if (first) limits.silence(first.plan.settings.run.silence, first.vm)
  steps.push({ name: 'boot', status: 0, durationMs: performance.now() - bootedAt })
  const script = async () => {
    const machines = working(vms, options)
    await runBootScripts(machines, { steps, signal: options.signal })
    // Whatever it waits for, an end of the run ends that, too: settled() waits for us.
    await untilAborted(options.signal, options.script(machines, steps))
  }
  await Promise.race([script(), ...lost(vms, options), ...clustersLost(vms)])
}

/** In the order of a group, where one may serve the next; those of `-n` beside each other, as many as there are CPUs. */
async function runBootScripts(machines: Working[], { steps, signal }: { steps: StepResult[]; signal: AbortSignal }) {
  const isGroup = machines.some(({ role }) => role !== undefined && !/^\d+$/.test(role))
  const turns = new Turns(isGroup ? 1 : availableParallelism())
  const running = machines.map(async ({ role, vm, emit }) => {
    const end = await turns.take(signal)
    await runBootScript(vm, { emit, steps, role }).finally(end)
  })
  await Promise.all(running)
}

function working(vms: Started[], options: UnattendedOptions): Working[] {
  return vms.map(({ role, vm }) => ({
    role,
    vm,
    emit: (event: RunEvent) => options.emit(event.type === 'output' && role !== undefined ? { ...event, role } : event),
  }))
}

/** What took too long may hang: where its tasks are is then at the end of its console log. */
async function tellTasks({ vm }: Started, { signal, emit }: UnattendedOptions): Promise<void> {
  const { tasks } = await askWhy(vm.machine, { signal })
  if (tasks !== '')
    emit({ type: 'note', text: `vm${vm.number}: where each of its tasks is stands at the end of its console log` })
}

/** What who talks to a machine that is gone gets to say so, with the place where it was. */
const lastWordMs = 500

/** A cluster whose daemons have died ends the run of those who use it. */
function clustersLost(vms: Started[]): Promise<never>[] {
  return vms.map(async ({ role, vm }) => {
    const error = await vm.ceph?.lost
    if (error === undefined) return new Promise<never>(() => {})
    throw inRole(role, error)
  })
}

/** One machine of a group that is gone ends the run, even while another one works. */
function lost(vms: Started[], { watchAll = false }: UnattendedOptions): Promise<never>[] {
  if (vms.length === 1 && !watchAll) return [] // whoever talks to it is told
  return vms.map(async ({ role, vm }) => {
    const end = await vm.machine.ended
    if (vm.machine.isEndWanted) return new Promise<never>(() => {})
    await delay(lastWordMs)
    throw inRole(role, endedUnexpectedly(end))
  })
}

/** Notes what a machine tells, and ends the run soon after a kernel report that fails it. */
function emitterOf(record: MachineRecord, options: UnattendedOptions & { limits: Limits }): Emit {
  const { role } = record
  return (event) => {
    options.emit(event.type === 'incident' && role !== undefined ? { ...event, role } : event)
    if (event.type === 'claimed') {
      record.number = event.number
      record.consoleLog = event.consoleLog
    }
    if (event.type !== 'incident') return
    record.incidents.push(event.incident)
    if (record.plan.settings.run.fail_on.includes(event.incident.kind)) {
      const { title } = event.incident.cause ?? event.incident
      const error = inRole(role, new RapidoError('crash', `the kernel reported: ${title}`))
      options.limits.endSoon(reportMs, error as RapidoError)
    }
  }
}

function machineResult({ role, plan, vm, number, consoleLog, lastLines }: MachineRecord): MachineResult {
  return {
    role,
    profile: plan.profile.name,
    kernel: vm?.kernelRelease ?? plan.kernel.release,
    vm: number,
    consoleLog: consoleLog !== undefined && existsSync(consoleLog) ? consoleLog : undefined,
    ...(lastLines ? { lastLines } : {}),
  }
}

/** Which machine a verdict is about: its reason begins with the role. */
function roleOf(verdict: Verdict, records: MachineRecord[]): string | undefined {
  const reason = 'reason' in verdict ? verdict.reason : ''
  return records.find(({ role }) => role !== undefined && reason.startsWith(`${role}: `))?.role
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

async function incidentResults({ role, plan, incidents }: MachineRecord): Promise<IncidentResult[]> {
  const { src, vmlinux, modulesDir } = plan.kernel
  const deadline = performance.now() + symboliseMs
  const results: IncidentResult[] = []
  for (const incident of incidents) {
    const { kind, title, consoleLine, repeats, lines } = incident
    const fails = plan.settings.run.fail_on.includes(kind)
    const result = { kind, role, title, lines: [...lines], consoleLine, repeats, cause: incident.cause?.title, fails }
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
