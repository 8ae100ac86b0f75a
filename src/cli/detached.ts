import { exitStatus } from '../errors.js'
import { startDetached } from '../host/detached.js'
import { packageFile } from '../host/package-root.js'
import type { RunEvent } from '../runs/events.js'
import type { BootOptions } from './commands/boot.js'
import type { Io, Status } from './io.js'
import { Progress } from './progress.js'
import { decodeReport, type SupervisorRequest } from './supervisor-protocol.js'
import { windowSize } from './terminal.js'

/** Boots a VM under a supervisor in the background; returns when the VM is ready, or when it failed. */
export async function bootDetached(argv: BootOptions, io: Io): Promise<Status> {
  const progress = new Progress(io, argv)
  const request: SupervisorRequest = { argv, cwd: io.cwd, home: io.home, size: windowSize(io) }
  const supervisor = await startDetached([process.execPath, packageFile('dist/main.js'), 'supervise'], {
    env: io.env,
    input: `${JSON.stringify(request)}\n`,
  })
  const abort = () => supervisor.letGo() // the end of its standard input, before it is ready, tells it to stop
  io.signal.addEventListener('abort', abort)
  let failure: Error | undefined
  try {
    progress.take({ type: 'phase', phase: 'planning' })
    for await (const line of supervisor.lines) {
      const report = decodeReport(line)
      if (report.kind === 'event') progress.take(besideTheNumber(report.event as RunEvent))
      if (report.kind === 'failed') failure = report.error
      if (report.kind === 'ready') {
        progress.done()
        io.stdout.write(`${report.number}\n`)
        progress.say(`vm${report.number} is ready: rapido console ${report.number}, rapido stop ${report.number}`)
        return exitStatus.success
      }
    }
    if (failure) throw failure // by now the supervisor is gone, too
    io.signal.throwIfAborted()
    throw new Error('the supervisor ended without a word')
  } finally {
    io.signal.removeEventListener('abort', abort)
    progress.done()
    supervisor.letGo()
  }
}

/** What the guest prints goes to stderr: stdout has the number alone, for `vm=$(rapido boot … -d)`. */
function besideTheNumber(event: RunEvent): RunEvent {
  return event.type === 'output' ? { ...event, stream: 'stderr' } : event
}
