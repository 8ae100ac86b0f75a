import { expect, test } from 'vitest'
import { decodeReport, encodeReport, type SupervisorReport } from '../../../src/cli/supervisor-protocol.js'
import { RapidoError } from '../../../src/errors.js'
import { IncidentScanner } from '../../../src/machine/incidents.js'

test.each<SupervisorReport>([
  { kind: 'ready', number: 7 },
  { kind: 'event', event: { type: 'phase', phase: 'booting' } },
  { kind: 'event', event: { type: 'note', text: 'two\nlines' } },
  { kind: 'event', event: { type: 'claimed', number: 7, consoleLog: '/a b/log' } },
  { kind: 'event', event: { type: 'output', step: 'boot.sh', stream: 'stderr', chunk: Buffer.from([0, 10, 255]) } },
])('%j is the same at the other end, and one line on the way', (report) => {
  const text = encodeReport(report)
  expect(text.indexOf('\n')).toBe(text.length - 1)
  expect(decodeReport(text.trimEnd())).toEqual(report)
})

test('an incident keeps what is told of it', () => {
  const scanner = new IncidentScanner()
  const [incident] = scanner.feed('[    1.000000] Kernel panic - not syncing: sysrq triggered crash\r\n')
  if (!incident) throw new Error('no incident')
  const report = decodeReport(encodeReport({ kind: 'event', event: { type: 'incident', incident } }))
  expect(report).toMatchObject({ event: { type: 'incident', incident: { kind: 'panic', title: incident.title } } })
})

test('an error stays what it is', () => {
  const error = new RapidoError('host', 'QEMU is missing', { hint: 'apt install qemu' })
  const report = decodeReport(encodeReport({ kind: 'failed', error }))
  if (report.kind !== 'failed') throw new Error(report.kind)
  expect(report.error).toBeInstanceOf(RapidoError)
  expect(report.error).toMatchObject({ code: 'host', message: 'QEMU is missing', hint: 'apt install qemu' })
  expect(report.error.stack).toBe(error.stack)
})

test('a bug stays a bug, with the place it came from', () => {
  const bug = new TypeError('x is undefined')
  const report = decodeReport(encodeReport({ kind: 'failed', error: bug }))
  if (report.kind !== 'failed') throw new Error(report.kind)
  expect(report.error).not.toBeInstanceOf(RapidoError)
  expect(report.error.stack).toBe(bug.stack)
})
