import { describe, expect, test } from 'vitest'
import { describeEnd, type MachineEnd, machineEnd } from '../../../src/machine/end.js'
import type { QmpEvent } from '../../../src/machine/qmp.js'

const shutdown = (reason: string): QmpEvent => ({ name: 'SHUTDOWN', data: { guest: true, reason } })
const panicked: QmpEvent = { name: 'GUEST_PANICKED', data: { action: 'run' } }
const exits = (status: number) => ({ status, signal: undefined })
const killedBy = (signal: number) => ({ status: undefined, signal })

type Seen = Parameters<typeof machineEnd>[0]

describe('how a machine ended', () => {
  test.each<[string, Partial<Seen>, MachineEnd]>([
    ['poweroff in the guest', { events: [shutdown('guest-shutdown')] }, { kind: 'powered-off' }],
    ['reboot in the guest', { events: [shutdown('guest-reset')] }, { kind: 'rebooted' }],
    ['a panic that pvpanic tells', { events: [panicked, shutdown('guest-reset')] }, { kind: 'panicked' }],
    [
      'a panic seen on the console only',
      { events: [shutdown('guest-reset')], panicOnConsole: true },
      { kind: 'panicked' },
    ],
    ['a panic, then quit by us', { events: [panicked, shutdown('host-qmp-quit')] }, { kind: 'panicked' }],
    ['quit over QMP', { events: [shutdown('host-qmp-quit')] }, { kind: 'quit' }],
    ['Ctrl-A x', { events: [shutdown('host-ui')] }, { kind: 'quit' }],
    ['SIGTERM', { events: [shutdown('host-signal')] }, { kind: 'quit' }],
    ['quit without a word', { events: [] }, { kind: 'quit' }],
    [
      'a power-off that was asked for, then done: the last word counts',
      { events: [{ name: 'POWERDOWN', data: {} }, shutdown('host-qmp-quit'), shutdown('guest-shutdown')] },
      { kind: 'powered-off' },
    ],
    ['SIGKILL', { events: [shutdown('guest-shutdown')], process: killedBy(9) }, { kind: 'killed', signal: 9 }],
    ['SIGKILL after a panic', { events: [panicked], process: killedBy(9) }, { kind: 'killed', signal: 9 }],
    [
      "QEMU's own failure",
      { process: exits(1), errors: 'qemu: cannot allocate memory\n' },
      { kind: 'failed', status: 1, errors: 'qemu: cannot allocate memory' },
    ],
  ])('%s', (_, seen, end) => {
    expect(machineEnd({ events: [], panicOnConsole: false, process: exits(0), errors: '', ...seen })).toEqual(end)
  })
})

test.each<[MachineEnd, string]>([
  [{ kind: 'powered-off' }, 'the guest powered off'],
  [{ kind: 'rebooted' }, 'the guest rebooted'],
  [{ kind: 'panicked' }, 'the kernel panicked'],
  [{ kind: 'quit' }, 'QEMU was told to quit'],
  [{ kind: 'killed', signal: 9 }, 'QEMU was killed by signal 9'],
  [{ kind: 'failed', status: 1, errors: '' }, 'QEMU ended with status 1'],
  [{ kind: 'failed', status: 1, errors: 'no memory' }, 'QEMU ended with status 1: no memory'],
])('%j is told as: %s', (end, sentence) => {
  expect(describeEnd(end)).toBe(sentence)
})
