/**
 * rapido as a library: what the CLI does, typed. It is silent: progress comes as events to `emit`.
 *
 *     import { boot } from 'rapido-vm'
 *     await using vm = await boot('simple')
 *     console.log(await vm.succeed('uname -r'))
 */

export type { FaultInput, FaultVerb } from './config/fault-verbs.js'
export { type ErrorCode, exitStatus, RapidoError } from './errors.js'
export type { MachineEnd } from './machine/end.js'
export type { GuestCommand } from './machine/guest-command.js'
export type { IncidentResult, RunResult, StepResult, Verdict } from './report/result.js'
export type { RunEvent } from './runs/events.js'
export type { IoLoad, LoadResult } from './runs/io-load.js'
export { type BootOptions, boot, type RunOptions, run } from './runs/library.js'
export { type Scenario, type ScenarioMachine, type ScenarioTools, scenario } from './runs/scenario.js'
export type { Command, ExecResult, Vm } from './runs/vm.js'
