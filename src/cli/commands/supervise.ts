import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { Argv } from 'yargs'
import { exitStatus, RapidoError } from '../../errors.js'
import { endedTooEarly } from '../../machine/machine.js'
import { runInteractive } from '../../runs/interactive.js'
import { planRun } from '../../runs/plan-run.js'
import type { Vm } from '../../runs/vm.js'
import type { Io, Status } from '../io.js'
import { guestSteps, surroundings, vmNumber } from '../options.js'
import { encodeReport, type SupervisorReport, type SupervisorRequest } from '../supervisor-protocol.js'

export function options(builder: Argv): Argv {
  return builder
}

/** The background half of `boot --detach`: told what to do on stdin, it reports on stdout until the VM is ready. */
export async function run(_argv: unknown, io: Io): Promise<Status> {
  let ready = false
  const given = new AbortController()
  const signal = AbortSignal.any([io.signal, given.signal])
  const request = await readRequest(io, () => {
    if (!ready) given.abort(new RapidoError('interrupted', 'interrupted before the VM was ready'))
  })
  const { argv, size, role } = request
  const roles = new Map(request.roles)
  const from = { ...io, cwd: request.cwd, home: request.home }
  const report = (what: SupervisorReport) => {
    if (!ready) io.stdout.write(encodeReport(what))
  }

  try {
    const commands = await guestSteps(argv, from)
    const end = await runInteractive(
      async () => {
        const plan = await planRun(argv.profile, surroundings(argv, from), { signal })
        if (plan.acceleration.note && argv.verbose)
          report({ kind: 'event', event: { type: 'note', text: plan.acceleration.note } })
        return plan
      },
      {
        commands,
        signal,
        emit: (event) => {
          if (event.type === 'claimed' && role !== undefined) roles.set(role, event.number)
          report({ kind: 'event', event })
        },
        role,
        roles: async () => roles,
        size,
        term: io.env.TERM,
        number: vmNumber(argv.number),
        gdb: argv.gdb ? { wait: argv.wait } : undefined,
        mustSucceed: true,
        use: async (vm) => {
          report({ kind: 'ready', number: vm.number })
          ready = true
          await keepShell(vm)
        },
      },
    )
    if (!ready) throw endedTooEarly(end)
    return exitStatus.success
  } catch (error) {
    report({ kind: 'failed', error: error as Error })
    io.stdin.destroy() // who waits for our end keeps it open
    return error instanceof RapidoError ? exitStatus[error.code] : exitStatus.host
  }
}

/** A shell on the console for whoever attaches; one that has ended makes room for the next. */
async function keepShell(vm: Vm): Promise<void> {
  for (;;) {
    const shell = vm.startShell()
    shell.stdout.resume()
    shell.stderr.resume()
    await shell.exit.catch(async (error) => {
      if (!(await vm.isReset())) throw error
    })
    await delay(200) // should it end at once, again and again
  }
}

async function readRequest(io: Io, onEnd: () => void): Promise<SupervisorRequest> {
  const lines = createInterface({ input: io.stdin })
  lines.on('close', onEnd)
  return new Promise((resolve) => lines.once('line', (line) => resolve(JSON.parse(line))))
}
