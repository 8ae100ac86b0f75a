import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../errors.js'
import { untilGiven } from '../host/cpu-wait.js'
import type { Machine } from './machine.js'
import type { QmpEvent } from './qmp.js'
import { socketFromQemu } from './socket-from-qemu.js'

// Memory is in a file that both sides have (MachinePlan.memoryFile), so that only the state of CPUs and devices goes
// through the socket: half a megabyte. QEMU calls both migration.
const capabilities = ['x-ignore-shared', 'events'].map((capability) => ({ capability, state: true }))

const migrationMs = 20_000

/** What a guest that was restored gets to answer. */
const wakeMs = 10_000

/** Stops the guest where it is; returns the state of its CPUs and devices. Throws RapidoError('host'). */
export async function saveState(machine: Machine, socketPath: string): Promise<Buffer> {
  const { qmp } = machine
  await qmp.execute('migrate-set-capabilities', { capabilities })
  const socket = await socketFromQemu(socketPath)
  try {
    const over = ended(machine, 'QEMU did not save the state of the machine')
    over.catch(() => {}) // QEMU may refuse before anybody waits for it
    await qmp.execute('migrate', { uri: `unix:${socketPath}` })
    const chunks: Buffer[] = []
    const stream = await Promise.race([socket.connection, over.then(() => undefined)])
    if (stream !== undefined) for await (const chunk of stream) chunks.push(chunk as Buffer)
    await over
    return Buffer.concat(chunks)
  } finally {
    socket.close()
  }
}

/**
 * Makes a machine that waits for its state (`memoryFile.use` "restore") the one that was saved, from there on with a life
 * of its own. Returns once its guest runs and has said hello. Throws RapidoError('host') where QEMU does not take the
 * state, or the guest does not answer.
 */
export async function restoreMachine(
  machine: Machine,
  { state, console }: { state: Buffer; console: Buffer },
  socketPath: string,
): Promise<void> {
  machine.console.replay(console)
  await restoreState(machine, state, socketPath)
  machine.channel.wake(new Date(), randomBytes(64))
  const timer = new AbortController()
  const late = untilGiven(wakeMs, { pid: machine.pid, signal: timer.signal }).then(() => {
    throw new RapidoError('host', `the guest did not answer within ${wakeMs / 1000} s`)
  })
  await Promise.race([machine.hello, late]).finally(() => timer.abort())
}

async function restoreState(machine: Machine, state: Buffer, socketPath: string): Promise<void> {
  const { qmp } = machine
  await qmp.execute('migrate-set-capabilities', { capabilities })
  const over = ended(machine, 'QEMU did not restore the state of the machine')
  over.catch(() => {}) // as above
  await qmp.execute('migrate-incoming', { uri: `unix:${socketPath}` })
  const stream = connect(socketPath)
  stream.on('error', () => {}) // QEMU says why
  stream.end(state)
  await over
}

/** Until the migration has ended well. */
async function ended(machine: Machine, what: string): Promise<void> {
  const isOver = ({ name, data }: QmpEvent) =>
    name === 'MIGRATION' && ['completed', 'failed', 'cancelled'].includes(String(data.status))
  const event = machine.qmp.next(isOver, { what, withinMs: migrationMs })
  const gone = machine.ended.then(() => undefined)
  const seen = await Promise.race([event.seen.catch(() => undefined), gone])
  if (seen?.data.status === 'completed') return
  await Promise.race([machine.ended, delay(sayMs)]) // one that failed to restore ends, and says why
  const [why] = machine.end?.kind === 'failed' ? machine.end.errors.split('\n') : []
  throw new RapidoError('host', why === undefined ? what : `${what}: ${why}`)
}

const sayMs = 200
