import { homedir } from 'node:os'
import { RapidoError } from '../errors.js'
import type { RunResult } from '../report/result.js'
import { commandScript } from './commands.js'
import type { Emit } from './events.js'
import { planMembers } from './plan-group.js'
import { planRun, type Surroundings } from './plan-run.js'
import { startVm } from './start-vm.js'
import { runBootScript } from './steps.js'
import { runUnattended } from './unattended.js'
import { untilAborted } from './until-aborted.js'
import { type Command, shown, type Vm } from './vm.js'

/** What boot and run take, all of it optional. */
export interface BootOptions {
  /** Settings as a --set would have them: { 'vm.memory': '1G', 'kernel.params': ['quiet'] }. They win over the file's. */
  settings?: Record<string, string | number | boolean | string[]>
  configFile?: string // another rapido.toml
  cwd?: string // where rapido.toml and ./profiles are looked for
  number?: number // of the VM; else the first free one
  gdb?: { wait: boolean }
  signal?: AbortSignal
  emit?: Emit // progress
}

export interface RunOptions extends Omit<BootOptions, 'gdb'> {
  commands?: Command[] // for all machines; "ROLE: …" for one of a group
  count?: number // of machines
  timeoutMs?: number
}

/**
 * Boots a profile, runs its boot.sh (within `run.timeout`), and hands over the VM; `await using` stops it. Throws
 * RapidoError: 'usage', 'host', 'crash', 'timeout', or 'guest' when boot.sh fails. Nothing is left behind then.
 */
export async function boot(profile: string, options: BootOptions = {}): Promise<Vm> {
  const { emit = () => {}, number, gdb } = options
  const signal = options.signal ?? new AbortController().signal
  const plan = await planRun(profile, surroundings(options), { signal })
  const vm = await startVm(plan, { signal, emit, number, gdb, size: { rows: 24, columns: 80 } })
  try {
    const script = runBootScript(vm, { emit, steps: [] })
    const step = await untilAborted(signal, vm.within('boot.sh did not end', plan.settings.run.timeout, script))
    if (step.status === 0) return vm
    throw new RapidoError('guest', `boot.sh of "${profile}" failed with status ${step.status}`, { hint: step.stderr })
  } catch (error) {
    await vm.stop()
    throw error
  }
}

/** Runs a profile and commands unattended, as `rapido run` does; the verdict is in the result. */
export async function run(profile: string, options: RunOptions = {}): Promise<RunResult> {
  const signal = options.signal ?? new AbortController().signal
  const members = await planMembers(profile, surroundings(options), { signal, count: options.count })
  return runUnattended(members, {
    profile,
    timeoutMs: options.timeoutMs ?? members[0]?.plan.settings.run.timeout,
    script: commandScript((options.commands ?? []).map((command) => ({ name: shown(command), command }))),
    signal,
    emit: options.emit ?? (() => {}),
    number: options.number,
  })
}

function surroundings(options: BootOptions): Surroundings {
  const sets = Object.entries(options.settings ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return {
    cwd: options.cwd ?? process.cwd(),
    home: process.env.HOME ?? homedir(),
    env: process.env,
    configFile: options.configFile,
    sets,
  }
}
