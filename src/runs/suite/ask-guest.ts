import { RapidoError } from '../../errors.js'
import type { Emit } from '../events.js'
import type { RunPlan } from '../plan-run.js'
import { startVm } from '../start-vm.js'
import { runBootScript } from '../steps.js'
import { untilAborted } from '../until-aborted.js'
import type { Vm } from '../vm.js'

/**
 * Boots a VM for one shell line of a guest, after boot.sh, and returns what it printed: for a suite that only the guest
 * can list. Throws RapidoError like startVm, and 'guest' where boot.sh or the line fails.
 */
export async function askGuest(
  plan: RunPlan,
  line: string,
  { signal, emit }: { signal: AbortSignal; emit: Emit },
): Promise<string> {
  emit({ type: 'note', text: 'asking the guest for its tests' })
  const vm = await startVm(plan, { signal, emit, size: { rows: 24, columns: 80 }, term: 'dumb' })
  try {
    return await untilAborted(signal, ask(vm, line))
  } finally {
    await vm.stop(signal.aborted ? { patienceMs: 0 } : {})
  }
}

async function ask(vm: Vm, line: string): Promise<string> {
  const { timeout } = vm.plan.settings.run
  const script = runBootScript(vm, { emit: () => {}, steps: [] })
  const step = await vm.within('boot.sh did not end', timeout, script)
  if (step.status !== 0) {
    throw new RapidoError('guest', `boot.sh failed with status ${step.status}`, { hint: step.stderr?.trim() })
  }
  const { status, stdout, stderr } = await vm.exec(line, timeout === undefined ? {} : { timeoutMs: timeout })
  if (status === 0) return stdout
  throw new RapidoError('guest', `suite.list failed with status ${status}: ${line}`, { hint: stderr.trim() })
}
