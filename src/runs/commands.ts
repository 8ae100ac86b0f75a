import { runStep } from './steps.js'
import type { UnattendedOptions, Working } from './unattended.js'
import type { Command } from './vm.js'

/** A command of a run, as a step of it. */
export interface CommandStep {
  name: string
  command: Command
  script?: Buffer // what is sent first, to be run
}

/** The script of a run that is a list of commands: each on all its machines, or on the one that it names. */
export function commandScript(commands: CommandStep[]): UnattendedOptions['script'] {
  return async (all, steps) => {
    for (const step of commands) {
      const { command, machines } = addressed(step, all)
      await Promise.all(machines.map(({ role, vm, emit }) => runStep(vm, { ...command, emit, steps, role })))
    }
  }
}

/** A command for one machine of a group begins with its role: "target: targetcli ls". Others are for all. */
function addressed(step: CommandStep, machines: Working[]): { command: CommandStep; machines: Working[] } {
  const [, role, line] = (typeof step.command === 'string' && /^([\w-]+):\s+(.*)$/s.exec(step.command)) || []
  const machine = machines.find((each) => each.role === role && role !== undefined)
  if (machine === undefined || line === undefined) return { command: step, machines }
  return { command: { name: line, command: line }, machines: [machine] }
}
