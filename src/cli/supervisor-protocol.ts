import { type ErrorCode, RapidoError } from '../errors.js'
import type { WindowSize } from '../host/pty-process.js'
import type { RunEvent } from '../runs/events.js'
import type { BootOptions } from './commands/boot.js'

/** What `boot --detach` sends to the supervisor it starts, one line of JSON. */
export interface SupervisorRequest {
  argv: BootOptions
  cwd: string
  home: string
  size: WindowSize
  role: string | undefined // in a group
  roles: [role: string, vm: number][] // of the machines of the group that are up already
}

/** What the supervisor answers until the VM is ready, one line of JSON each. */
export type SupervisorReport =
  | { kind: 'event'; event: RunEvent }
  | { kind: 'ready'; number: number }
  | { kind: 'failed'; error: RapidoError | Error }

export function encodeReport(report: SupervisorReport): string {
  if (report.kind !== 'failed') return `${JSON.stringify(report)}\n`
  const { error } = report
  const { message, stack } = error
  const known = error instanceof RapidoError ? { code: error.code, hint: error.hint } : {}
  return `${JSON.stringify({ kind: 'failed', error: { ...known, message, stack } })}\n`
}

export function decodeReport(line: string): SupervisorReport {
  const report = JSON.parse(line)
  if (report.kind === 'event' && report.event.type === 'output') {
    report.event.chunk = Buffer.from(report.event.chunk.data) // as Buffer's own toJSON has it
  }
  if (report.kind === 'failed') {
    const { code, message, hint, stack } = report.error as {
      code?: ErrorCode
      message: string
      hint?: string
      stack: string
    }
    const error = code === undefined ? new Error(message) : new RapidoError(code, message, { hint })
    error.stack = stack
    return { kind: 'failed', error }
  }
  return report
}
