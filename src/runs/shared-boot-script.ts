import { readFile } from 'node:fs/promises'
import { RapidoError } from '../errors.js'
import { packageFile } from '../host/package-root.js'
import type { BootScriptOutput } from '../image/snapshots.js'
import type { Machine } from '../machine/machine.js'
import { guestEnv } from '../plan/guest-env.js'
import { readBootFiles } from './boot-files.js'
import { meetGuest } from './meet-guest.js'
import type { RunPlan } from './plan-run.js'
import { runBootScript } from './steps.js'
import { untilAborted } from './until-aborted.js'
import { Vm } from './vm.js'

// A boot.sh that runs once, in the machine of a snapshot, for all VMs that start from it. It is told what they have in common.

interface Shared {
  run: RunPlan
  role: string | undefined // of the machine, in a group
}

/** Runs it as if it were VM 0's. Throws RapidoError: 'guest' if it fails, 'timeout' after run.timeout. */
export async function runSharedBootScript(
  machine: Machine,
  options: Shared & { consoleLog: string; signal: AbortSignal },
): Promise<BootScriptOutput> {
  const { run: plan, consoleLog, signal } = options
  const guest = { plan, machine, number: 0, env: sharedEnv(options) }
  const kernelRelease = await meetGuest({ ...guest, log: consoleLog }, { secrets: new Map(), signal })
  const meetAgain = () => Promise.reject(new Error('a machine that is saved is not reset'))
  const vm = new Vm({ ...guest, kernelRelease, consoleLog, closed: machine.ended, meetAgain })
  const script = runBootScript(vm, { emit: () => {}, steps: [] })
  const {
    status,
    stdout = '',
    stderr = '',
  } = await untilAborted(signal, vm.within('boot.sh did not end', plan.settings.run.timeout, script))
  if (status === 0) return { stdout, stderr }
  throw new RapidoError('guest', `boot.sh failed with status ${status}`)
}

/** All that it is given: another snapshot where any of it is another one. */
export async function sharedBootScriptInputs(shared: Shared): Promise<unknown> {
  const { profile, settings } = shared.run
  const [script, helpers, files] = await Promise.all([
    readFile(profile.bootScript, 'utf8'),
    readFile(packageFile('src/guest/helpers.sh'), 'utf8'),
    readBootFiles(profile, settings),
  ])
  const sent = files.map(({ to, content, mode }) => [to, content.toString('base64'), mode])
  return { script, helpers, sent, env: sharedEnv(shared), cwd: profile.boot.cwd, debug: settings.debug }
}

function sharedEnv({ run, role }: Shared): Record<string, string> {
  return guestEnv({ number: 0, profile: run.profile, settings: run.settings, term: undefined, role })
}
