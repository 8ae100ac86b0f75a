import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Duplex } from 'node:stream'
import { RapidoError } from '../../src/errors.js'
import { type CommandRequest, ControlChannel } from '../../src/machine/control-channel.js'

/** The agent of the guest, on this host: the same program, its control channel on pipes, no VM around it. */
export interface RealAgent extends AsyncDisposable {
  channel: ControlChannel
  pid: number
  /** Everything it announced: "hello 6.1.0", "leaving reboot", "lost". */
  told: string[]
  exited: Promise<number | null>
  /** Its memory now, in MiB. */
  memoryMiB(): number
}

export async function startAgent(options: { inputWindow?: number } = {}): Promise<RealAgent> {
  const child = spawn('perl', ['src/guest/agent', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(child, 'exit').then(([status]) => status as number | null)
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  const told: string[] = []
  let greet = () => {}
  const greeted = new Promise<void>((resolve) => {
    greet = resolve
  })
  const channel: ControlChannel = new ControlChannel(stream, {
    inputWindow: options.inputWindow ?? 256 * 1024,
    events: {
      hello(release) {
        told.push(`hello ${release}`)
        greet()
      },
      leaving: (how) => void told.push(`leaving ${how}`),
      left: () => void told.push('left'),
      activity: () => {},
      lost() {
        told.push('lost')
        channel.close(new RapidoError('guest', 'the stream closed'))
      },
    },
  })
  await greeted
  return {
    channel,
    pid: child.pid as number,
    told,
    exited,
    memoryMiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    async [Symbol.asyncDispose]() {
      channel.close(new RapidoError('guest', 'the test is over'))
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** What the channel takes for a shell line, or for an argv. */
export function request(command: string | string[], changes: Partial<CommandRequest> = {}): CommandRequest {
  const argv = typeof command === 'string' ? ['bash', '-c', command] : command
  return { argv, cwd: '/', env: { PATH: '/usr/bin:/bin' }, ...changes }
}
