import { exitStatus } from '../errors.js'
import { startDetached } from '../host/detached.js'
import { packageFile } from '../host/package-root.js'
import type { RunEvent } from '../runs/events.js'
import { inRole } from '../runs/start-group.js'
import type { BootOptions } from './commands/boot.js'
import type { Io, Status } from './io.js'
import { Progress } from './progress.js'
import { decodeReport, type SupervisorRequest } from './supervisor-protocol.js'
import { windowSize } from './terminal.js'

/**
 * Boots VMs under supervisors in the background, and prints their numbers when all are ready; where one fails, those
 * that are up are stopped again. Several of a kind boot side by side, the members of a group in their order: each knows
 * those before it by name.
 */
export async function bootDetached(
  members: { role: string | undefined; profile: string }[],
  argv: BootOptions,
  io: Io,
): Promise<Status> {
  const progress = new Progress(io, argv)
  const ready: [role: string, vm: number][] = []
  const inOrder = members.length > 1 && argv.count === 1
  const failed = new AbortController()
  const signal = AbortSignal.any([io.signal, failed.signal])
  const start = async ({ role, profile }: (typeof members)[number]) => {
    signal.throwIfAborted()
    try {
      const options = { progress, signal, role, roles: inOrder ? [...ready] : [] }
      ready.push([role ?? '', await bootOne({ ...argv, profile }, io, options)])
    } catch (error) {
      const named = inRole(role, error)
      failed.abort(named)
      throw named
    }
  }
  try {
    progress.take({ type: 'phase', phase: 'planning' })
    if (inOrder) for (const member of members) await start(member)
    else await allOf(members.map(start))
  } catch (error) {
    await stopAll(ready, argv, io)
    throw error
  } finally {
    progress.done()
  }
  for (const [role, number] of ready.toSorted(([, one], [, other]) => one - other)) {
    io.stdout.write(`${number}\n`)
    const name = inOrder ? `${role} (vm${number})` : `vm${number}`
    progress.say(`${name} is ready: rapido console ${number}, rapido stop ${number}`)
  }
  return exitStatus.success
}

/** Waits for all, and throws what the first one threw. */
async function allOf(work: Promise<void>[]): Promise<void> {
  await Promise.all(work).catch(async (error) => {
    await Promise.allSettled(work)
    throw error
  })
}

async function stopAll(ready: [string, number][], argv: BootOptions, io: Io): Promise<void> {
  const { runningVm } = await import('./running-vm.js')
  await Promise.all(ready.map(async ([, number]) => (await runningVm(String(number), argv, io)).stop()))
}

/** Returns the number of the VM when it is ready. */
async function bootOne(
  argv: BootOptions,
  io: Io,
  options: { progress: Progress; signal: AbortSignal } & Pick<SupervisorRequest, 'role' | 'roles'>,
): Promise<number> {
  const { progress, signal, role, roles } = options
  const request: SupervisorRequest = { argv, cwd: io.cwd, home: io.home, size: windowSize(io), role, roles }
  const supervisor = await startDetached([process.execPath, packageFile('dist/main.js'), 'supervise'], {
    env: io.env,
    input: `${JSON.stringify(request)}\n`,
  })
  const abort = () => supervisor.letGo() // the end of its standard input, before it is ready, tells it to stop
  signal.addEventListener('abort', abort)
  let failure: Error | undefined
  try {
    for await (const line of supervisor.lines) {
      const report = decodeReport(line)
      if (report.kind === 'event') progress.take({ ...besideTheNumber(report.event as RunEvent), role } as RunEvent)
      if (report.kind === 'failed') failure = report.error
      if (report.kind === 'ready') return report.number
    }
    if (failure) throw failure // by now the supervisor is gone, too
    signal.throwIfAborted()
    throw new Error('the supervisor ended without a word')
  } finally {
    signal.removeEventListener('abort', abort)
    supervisor.letGo()
  }
}

/** What the guest prints goes to stderr: stdout has the numbers alone, for `vm=$(rapido boot … -d)`. */
function besideTheNumber(event: RunEvent): RunEvent {
  return event.type === 'output' ? { ...event, stream: 'stderr' } : event
}
