import type { ProcessEnd } from '../host/pty-process.js'
import type { QmpEvent } from './qmp.js'

/** Why a machine is no more. */
export type MachineEnd =
  | { kind: 'powered-off' } // the guest did it
  | { kind: 'rebooted' } // the guest did it; -no-reboot makes it an end
  | { kind: 'panicked' }
  | { kind: 'quit' } // by us, by Ctrl-A x, or by the monitor
  | { kind: 'killed'; signal: number } // from outside
  | { kind: 'failed'; status: number; errors: string } // QEMU's own failure, with what it wrote

/**
 * How QEMU's events and its exit tell the ends apart (QEMU 7.2, measured): a panic shows as GUEST_PANICKED where the
 * guest has a pvpanic driver, else only as a reset that nobody asked for.
 */
export function machineEnd(seen: {
  events: QmpEvent[]
  panicOnConsole: boolean
  process: ProcessEnd
  errors: string
}): MachineEnd {
  const { process } = seen
  if (process.signal !== undefined) return { kind: 'killed', signal: process.signal }
  if (process.status !== 0) return { kind: 'failed', status: process.status ?? -1, errors: seen.errors.trim() }
  if (seen.panicOnConsole || seen.events.some(({ name }) => name === 'GUEST_PANICKED')) return { kind: 'panicked' }
  const reason = seen.events.findLast(({ name }) => name === 'SHUTDOWN')?.data.reason
  if (reason === 'guest-shutdown') return { kind: 'powered-off' }
  if (reason === 'guest-reset') return { kind: 'rebooted' }
  return { kind: 'quit' }
}

/** One sentence about an end, for messages. */
export function describeEnd(end: MachineEnd): string {
  switch (end.kind) {
    case 'powered-off':
      return 'the guest powered off'
    case 'rebooted':
      return 'the guest rebooted'
    case 'panicked':
      return 'the kernel panicked'
    case 'quit':
      return 'QEMU was told to quit'
    case 'killed':
      return `QEMU was killed by signal ${end.signal}`
    case 'failed':
      return `QEMU ended with status ${end.status}${end.errors === '' ? '' : `: ${end.errors}`}`
  }
}
