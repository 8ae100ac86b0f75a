import { RapidoError } from '../errors.js'
import type { MachineEnd } from '../machine/end.js'
import type { StepResult } from '../report/result.js'
import type { RunPlan } from './plan-run.js'
import { type StartOptions, startVm } from './start-vm.js'
import { runBootScript, runStep } from './steps.js'
import { untilAborted } from './until-aborted.js'
import type { Command, Vm } from './vm.js'

export interface InteractiveOptions extends StartOptions {
  commands: { name: string; command: Command; script?: Buffer }[]
  /** A boot.sh or a command that fails ends the VM; otherwise the shell comes up all the same, to look around. */
  mustSucceed: boolean
  /** What to do with a VM that is up; the VM ends when this is done. Called again after a reboot. */
  use(vm: Vm): Promise<void>
}

/**
 * A VM for somebody to work in: boots, runs boot.sh and the commands, hands it over, and powers it off. A `reboot` in
 * the guest boots it anew, planned anew: with the kernel and the programs that are there by then.
 */
export async function runInteractive(plan: () => Promise<RunPlan>, options: InteractiveOptions): Promise<MachineEnd> {
  let numberBefore: number | undefined
  for (;;) {
    const vm = await startVm(await plan(), { ...options, numberBefore })
    try {
      await untilAborted(options.signal, prepareAndUse(vm, options))
    } catch (error) {
      const leftByItself = vm.machine.leaving !== undefined || vm.machine.end !== undefined
      if (!leftByItself || options.signal.aborted) throw error // else how it ended is the result, not an error
    } finally {
      await vm.stop() // with patience for a guest that is on its way out already
    }
    const end = await vm.closed
    const reboots = end.kind === 'rebooted' && vm.machine.leaving === 'reboot'
    if (!reboots) return end
    numberBefore = vm.number
  }
}

async function prepareAndUse(vm: Vm, options: InteractiveOptions): Promise<void> {
  const steps: StepResult[] = []
  void vm.ceph?.lost.then((error) => error && options.emit({ type: 'note', text: error.message }))
  await runBootScript(vm, { emit: options.emit, steps })
  for (const command of options.commands) await runStep(vm, { ...command, emit: options.emit, steps })
  const failed = steps.find(({ status }) => status !== 0)
  if (failed) {
    const message = `${failed.name} failed with status ${failed.status}`
    if (options.mustSucceed) throw new RapidoError('guest', message, { hint: failed.stderr })
    options.emit({ type: 'note', text: message })
  }
  options.emit({ type: 'phase', phase: 'ready' })
  await Promise.race([options.use(vm), vm.machine.ended])
}
