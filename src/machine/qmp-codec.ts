/** What a QMP server sends: one JSON object a line (docs/interop/qmp-spec of QEMU). */
export type QmpMessage =
  | { kind: 'greeting'; version: string }
  | { kind: 'return'; id: number; value: unknown }
  | { kind: 'error'; id: number | undefined; class: string; message: string }
  | { kind: 'event'; name: string; data: Record<string, unknown> }

export function encodeQmp(id: number, command: string, args?: Record<string, unknown>): string {
  return `${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}), id })}\n`
}

/** Throws an Error for a line that is not QMP. */
export function decodeQmp(line: string): QmpMessage {
  const message = JSON.parse(line)
  if ('QMP' in message) {
    const { major, minor, micro } = message.QMP.version.qemu
    return { kind: 'greeting', version: `${major}.${minor}.${micro}` }
  }
  if ('event' in message) return { kind: 'event', name: message.event, data: message.data ?? {} }
  if ('error' in message) {
    return { kind: 'error', id: message.id, class: message.error.class, message: message.error.desc }
  }
  if ('return' in message) return { kind: 'return', id: message.id, value: message.return }
  throw new Error(`not a QMP message: ${line}`)
}
