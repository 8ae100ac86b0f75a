import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Qmp, type QmpEvent } from '../../../src/machine/qmp.js'

const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 19 }, package: '' }, capabilities: [] } }

interface Asked {
  execute: string
  id: number
  arguments?: unknown
}

let qemu: Socket // QEMU's end
let asked: Asked[]
let events: QmpEvent[]
let qmp: Qmp

const say = (message: object) => qemu.write(`${JSON.stringify(message)}\n`)

/** Waits until QEMU has been asked so many things, and returns the last. */
async function question(count: number): Promise<Asked> {
  while (asked.length < count) await turn()
  return asked[count - 1] as Asked
}

/** As QEMU does: greets, and agrees to the capabilities. */
async function greet(): Promise<void> {
  say(greeting)
  const { execute, id } = await question(1)
  expect(execute).toBe('qmp_capabilities')
  say({ return: {}, id })
}

beforeEach(async () => {
  const server = createServer().listen(0, '127.0.0.1')
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise((resolve) => server.once('listening', resolve))
  const ours = connect((server.address() as AddressInfo).port, '127.0.0.1')
  qemu = await accepted
  server.close()
  asked = []
  events = []
  createInterface({ input: qemu }).on('line', (line) => asked.push(JSON.parse(line)))
  qmp = new Qmp(ours, (event) => events.push(event))
})

afterEach(() => {
  vi.useRealTimers()
  qemu.destroy()
})

test('a command sent before the greeting waits for it, and for the capabilities', async () => {
  const status = qmp.execute('query-status')
  for (let i = 0; i < 20; i++) await turn()
  expect(asked).toEqual([])
  await greet()
  const { id } = await question(2)
  say({ return: { status: 'running' }, id })
  expect(await status).toEqual({ status: 'running' })
  expect(asked.map(({ execute }) => execute)).toEqual(['qmp_capabilities', 'query-status'])
})

test('answers find their commands, in whatever order they come', async () => {
  await greet()
  const first = qmp.execute('one')
  const second = qmp.execute('two', { deep: { er: true } })
  const [one, two] = [await question(2), await question(3)]
  expect(two).toEqual({ execute: 'two', arguments: { deep: { er: true } }, id: two.id })
  say({ return: 2, id: two.id })
  say({ return: 1, id: one.id })
  expect(await Promise.all([first, second])).toEqual([1, 2])
})

test('events come through, between everything else', async () => {
  say({ timestamp: {}, event: 'RESUME' })
  await greet()
  const stopped = qmp.execute('stop')
  const { id } = await question(2)
  say({ timestamp: {}, event: 'STOP' })
  say({ return: {}, id })
  await stopped
  expect(events.map(({ name }) => name)).toEqual(['RESUME', 'STOP'])
})

test("what QEMU refuses is an error with QEMU's words", async () => {
  await greet()
  const refused = qmp.execute('frob')
  const { id } = await question(2)
  say({ error: { class: 'CommandNotFound', desc: 'The command frob has not been found' }, id })
  await expect(refused).rejects.toMatchObject({
    code: 'host',
    message: 'QEMU refused "frob": The command frob has not been found',
  })
})

test("the human monitor's text is the answer", async () => {
  await greet()
  const answer = qmp.monitor('info status')
  const { id, execute, arguments: given } = await question(2)
  expect([execute, given]).toEqual(['human-monitor-command', { 'command-line': 'info status' }])
  say({ return: 'VM status: running\r\n', id })
  expect(await answer).toBe('VM status: running\r\n')
})

test('a QEMU that closes the socket instead of answering "quit" has done what it was told', async () => {
  await greet()
  const quit = qmp.execute('quit')
  await question(2)
  qemu.end()
  await expect(quit).resolves.toBeUndefined()
})

test('when QEMU goes, whatever else is pending fails, and so does what comes later', async () => {
  await greet()
  const pending = qmp.execute('query-status')
  await question(2)
  qemu.destroy()
  await expect(pending).rejects.toThrow('QEMU is gone: "query-status" was not answered')
  await expect(qmp.execute('query-name')).rejects.toThrow('QEMU is gone')
})

test.each([
  ['closes', () => qemu.end()],
  ['resets the connection', () => qemu.resetAndDestroy()],
])('a QEMU that %s before its greeting leaves nobody waiting', async (_, go) => {
  const pending = qmp.execute('query-status')
  go()
  await expect(pending).rejects.toMatchObject({ code: 'host', message: expect.stringContaining('QEMU is gone') })
})

test('a QEMU that does not even greet is an error after thirty seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const message = 'QEMU gave no answer to "query-status" within 30 s'
  const failure = expect(qmp.execute('query-status')).rejects.toMatchObject({ code: 'host', message })
  vi.advanceTimersByTime(30_000)
  await failure
  expect(vi.getTimerCount()).toBe(0)
})

test('a QEMU that does not answer is an error after ten seconds; an answer that comes later is no trouble', async () => {
  await greet()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const hung = qmp.execute('device_add')
  const { id } = await question(2)
  const failure = expect(hung).rejects.toMatchObject({
    code: 'host',
    message: 'QEMU gave no answer to "device_add" within 10 s',
  })
  vi.advanceTimersByTime(9_999)
  await turn()
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(1)
  await failure
  say({ return: {}, id })
  const next = qmp.execute('query-name')
  const { id: nextId } = await question(3)
  say({ return: 'vm', id: nextId })
  expect(await next).toBe('vm')
  expect(vi.getTimerCount()).toBe(0) // an answered command leaves no timer that keeps us from ending
})
