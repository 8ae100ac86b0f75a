import { expect, test } from 'vitest'
import { decodeQmp, encodeQmp, type QmpMessage } from '../../../src/machine/qmp-codec.js'

test.each<[Parameters<typeof encodeQmp>, string]>([
  [[1, 'qmp_capabilities'], '{"execute":"qmp_capabilities","id":1}\n'],
  [
    [2, 'human-monitor-command', { 'command-line': 'info "x"\n' }],
    '{"execute":"human-monitor-command","arguments":{"command-line":"info \\"x\\"\\n"},"id":2}\n',
  ],
])('%j is sent as one line', (command, line) => {
  expect(encodeQmp(...command)).toBe(line)
})

// Lines as QEMU 7.2 writes them.
test.each<[string, QmpMessage]>([
  [
    '{"QMP": {"version": {"qemu": {"micro": 19, "minor": 2, "major": 7}, "package": "Debian 1:7.2"}, "capabilities": ["oob"]}}',
    { kind: 'greeting', version: '7.2.19' },
  ],
  ['{"return": {}, "id": 1}', { kind: 'return', id: 1, value: {} }],
  ['{"return": "OK\\r\\n", "id": 3}', { kind: 'return', id: 3, value: 'OK\r\n' }],
  [
    '{"id": 2, "error": {"class": "CommandNotFound", "desc": "The command frob has not been found"}}',
    { kind: 'error', id: 2, class: 'CommandNotFound', message: 'The command frob has not been found' },
  ],
  [
    '{"error": {"class": "GenericError", "desc": "JSON parse error"}}',
    { kind: 'error', id: undefined, class: 'GenericError', message: 'JSON parse error' },
  ],
  [
    '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}',
    { kind: 'event', name: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' } },
  ],
  ['{"timestamp": {}, "event": "STOP"}', { kind: 'event', name: 'STOP', data: {} }],
])('%s is understood', (line, message) => {
  expect(decodeQmp(line)).toEqual(message)
})

test.each(['', 'QEMU 7.2 monitor', '{}', '{"hello": 1}'])('%j is no QMP', (line) => {
  expect(() => decodeQmp(line)).toThrow()
})
