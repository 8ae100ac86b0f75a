import { copyFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseDurationMs } from '../config/units.js'
import { RapidoError } from '../errors.js'
import { makeFolder } from '../host/make-folder.js'
import { failedFolder } from '../plan/state-files.js'
import { json } from '../report/json.js'
import type { RunResult, StepResult } from '../report/result.js'
import { placeOf, withCallSites } from './call-sites.js'
import type { Emit } from './events.js'
import type { Member } from './plan-group.js'
import { planRun, type Surroundings } from './plan-run.js'
import { runUnattended, type UnattendedOptions, type Working } from './unattended.js'
import type { Vm } from './vm.js'

/** A machine of a scenario: a profile, and settings that differ for it. */
export type ScenarioMachine =
  | string
  | { profile: string; settings?: Record<string, string | number | boolean | string[]> }

/** What a scenario works with, besides its machines. */
export interface ScenarioTools {
  /** A part of the scenario with a name, for the reports. Returns what `work` does. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>
  /** A line for the reports: what was measured. */
  note(text: string): void
}

/** A scripted run with assertions. Its file exports it as its default. */
export interface Scenario<Role extends string = string> {
  summary?: string
  machines: Record<Role, ScenarioMachine>
  timeout?: string // "90s"; else run.timeout
  /** Throws what fails it: an AssertionError of any library, or a RapidoError of a machine. */
  run(machines: Record<Role, Vm>, tools: ScenarioTools): Promise<void>
}

/** A scenario, checked by the types: `export default scenario({ machines: { guest: 'multipath' }, … })`. */
export function scenario<Role extends string>(definition: Scenario<Role>): Scenario<Role> {
  return definition
}

export interface ScenarioOptions extends Pick<UnattendedOptions, 'signal' | 'emit' | 'onFailure'> {
  name: string // for the reports
  file: string // whose lines are told
  timeoutMs?: number | undefined // in place of its own; undefined: no limit
}

/** Plans the machines of a scenario. Its settings stand over rapido.toml's, and those of --set over them. */
export async function planScenario(
  { machines, timeout }: Pick<Scenario, 'machines' | 'timeout'>,
  from: Surroundings,
  options: { signal: AbortSignal },
): Promise<Member[]> {
  ownLimitMs({ timeout })
  const wanted = Object.entries(machines).map(([role, machine]) =>
    typeof machine === 'string' ? { role, profile: machine, settings: {} } : { role, settings: {}, ...machine },
  )
  const members: Member[] = []
  for (const { role, profile, settings } of wanted) {
    const own = Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    const plan = await planRun(profile, { ...from, sets: [...own, ...(from.sets ?? [])] }, options)
    members.push({ role: wanted.length === 1 ? undefined : role, plan })
  }
  return members
}

function ownLimitMs({ timeout }: Pick<Scenario, 'timeout'>): number | undefined {
  const limitMs = timeout === undefined ? undefined : parseDurationMs(timeout)
  if (timeout === undefined || limitMs !== undefined) return limitMs
  throw new RapidoError('usage', `the timeout of the scenario is "${timeout}"`, {
    hint: 'use a duration such as 90s or 10m',
  })
}

/** Runs a scenario to its verdict. What is left of one that does not pass is kept in a folder. */
export async function runScenario(
  definition: Scenario,
  members: Member[],
  options: ScenarioOptions,
): Promise<RunResult> {
  const notes: string[] = []
  const own = ownLimitMs(definition)
  const result = await runUnattended(members, {
    profile: options.name,
    script: (machines, steps) =>
      withFloating((floating) => perform(definition, { machines, steps, notes, options, floating })),
    timeoutMs: 'timeoutMs' in options ? options.timeoutMs : (own ?? members[0]?.plan.settings.run.timeout),
    signal: options.signal,
    emit: options.emit,
    watchAll: true,
    onFailure: options.onFailure,
  })
  const told = { ...result, notes }
  const settings = members[0]?.plan.settings
  if (result.verdict.kind === 'pass' || settings === undefined) return told
  try {
    return await keep(told, settings.paths.state, settings.log.keep)
  } catch (error) {
    options.emit({ type: 'note', text: `what is left of it cannot be kept: ${(error as Error).message}` })
    return told
  }
}

async function perform(
  definition: Scenario,
  {
    machines,
    steps,
    notes,
    options,
    floating,
  }: {
    machines: Working[]
    steps: StepResult[]
    notes: string[]
    options: ScenarioOptions
    floating: Promise<never>
  },
): Promise<void> {
  const failed = steps.find(({ status }) => status !== 0)
  if (failed) throw new RapidoError('guest', `${failed.name}: exit status ${failed.status}`, { hint: failed.stderr })
  const roles = Object.keys(definition.machines)
  const vms = machines.map(({ vm }, index) => [roles[index] as string, withCallSites(vm)] as const)
  const tools: ScenarioTools = {
    step: (name, work) => runNamed(name, work, { steps, options }),
    note: (text) => void notes.push(text),
  }
  try {
    await Promise.race([definition.run(Object.fromEntries(vms), tools), floating])
  } catch (error) {
    throw explained(error, options.file)
  }
}

async function runNamed<T>(
  name: string,
  work: () => Promise<T>,
  { steps, options }: { steps: StepResult[]; options: ScenarioOptions },
): Promise<T> {
  const step: StepResult = { name, status: undefined, durationMs: 0 }
  steps.push(step)
  const startedAt = performance.now()
  const tell = (emit: Emit, passed: boolean) => emit({ type: 'step', name, passed, durationMs: step.durationMs })
  try {
    const value = await work()
    step.durationMs = performance.now() - startedAt
    step.status = 0
    tell(options.emit, true)
    return value
  } catch (error) {
    step.durationMs = performance.now() - startedAt
    const why = explained(error, options.file, name)
    if (why instanceof RapidoError && why.code === 'guest') {
      step.status = 1
      step.reason = why.message
    }
    tell(options.emit, false)
    throw why
  }
}

/**
 * Gives `work` a promise that is rejected with what the scenario started and never waited for: a forgotten `await` must
 * neither pass nor end this process.
 */
async function withFloating<T>(work: (floating: Promise<never>) => Promise<T>): Promise<T> {
  let onRejection!: (error: unknown) => void
  const floating = new Promise<never>((_, reject) => {
    onRejection = reject
  })
  floating.catch(() => {}) // seen in the race, or too late to matter
  process.on('unhandledRejection', onRejection)
  try {
    return await work(floating)
  } finally {
    // What stopping the machines ends, nobody is to hear of any more; Node would end us for it.
    setTimeout(() => process.off('unhandledRejection', onRejection), 60_000).unref()
  }
}

/** Errors that say already where in the scenario they happened. */
const explainedErrors = new WeakSet<RapidoError>()

/**
 * What went wrong, with its line of the scenario and the step. An assertion is the guest's failure; what no library
 * throws on purpose is a mistake in the scenario.
 */
function explained(error: unknown, file: string, step?: string): RapidoError {
  if (error instanceof RapidoError && explainedErrors.has(error)) return error
  const { name, message } = error as Error
  const place = placeOf(error, file)
  const where = [place, step === undefined ? undefined : `in step "${step}"`].filter(Boolean).join(', ')
  const isAssertion = name === 'AssertionError' || (error as { code?: string }).code === 'ERR_ASSERTION'
  const code = error instanceof RapidoError ? error.code : isAssertion ? 'guest' : 'usage'
  const what = error instanceof RapidoError || isAssertion ? message : `${name}: ${message}`
  const told = new RapidoError(code, where === '' ? what : `${where}: ${what}`, {
    hint: error instanceof RapidoError ? error.hint : undefined,
    cause: error,
  })
  explainedErrors.add(told)
  return told
}

/** Puts the report and the console logs of a scenario that did not pass where they stay. */
async function keep(result: RunResult, stateDir: string, most: number): Promise<RunResult> {
  const folder = failedFolder(stateDir, { startedAt: result.startedAt, name: result.profile })
  makeFolder(folder)
  const kept = { ...result, kept: folder }
  await writeFile(join(folder, 'result.json'), json(kept), { mode: 0o600 })
  for (const { consoleLog } of result.machines) {
    if (consoleLog !== undefined) await copyFile(consoleLog, join(folder, basename(consoleLog)))
  }
  const past = (await readdir(dirname(folder))).sort() // their names begin with the time
  for (const name of past.slice(0, -Math.max(1, most)))
    await rm(join(dirname(folder), name), { recursive: true, force: true })
  return kept
}
