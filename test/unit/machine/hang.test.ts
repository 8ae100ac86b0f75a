import { expect, test } from 'vitest'
import { askWhy, describeCpus } from '../../../src/machine/hang.js'

const cpu = (number: number, place: string, halted: 0 | 1) =>
  `CPU#${number}\nRAX=0000000000000000 RBX=0000000000000001\nRIP=${place} RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=${halted}\n\n`

test.each<[string, string, string | undefined]>([
  ['none', '', undefined],
  ['one that is halted', cpu(0, 'ffffffff81a4e8cb', 1), 'all CPUs idle'],
  ['several that are', cpu(0, 'ffffffff81a4e8cb', 1) + cpu(1, 'ffffffff81a4e8cb', 1), 'all CPUs idle'],
  [
    'some that run',
    cpu(0, 'ffffffff81000001', 0) + cpu(1, 'ffffffff81a4e8cb', 1) + cpu(10, '000000000000fff0', 0),
    'CPU 0 runs at ffffffff81000001, CPU 10 runs at 000000000000fff0',
  ],
])('the CPUs of a guest in one line: %s', (_, registers, line) => {
  expect(describeCpus(registers)).toBe(line)
})

const taken = {
  '7': 'sysrq: Changing Loglevel\n',
  l: 'sysrq: l\n',
  w: 'sysrq: w\n',
  t: 'sysrq: Show State\ntask:init\n',
}
const all = Object.values(taken).join('')

/** A console that says `answers` to the letter after a break, and a QEMU whose VM is in a state; 'hung': it says nothing. */
function machine(answers: Record<string, string>, { state = 'running', ended = false } = {}) {
  const listeners = new Set<(chunk: Buffer) => void>()
  const typed: string[] = []
  const say = (text: string) => listeners.forEach((listener) => void listener(Buffer.from(text)))
  const guest = {
    typed,
    listeners,
    say,
    pid: process.pid,
    end: ended ? {} : undefined,
    console: {
      listen: (listener: (chunk: Buffer) => void) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
      write: (text: string) => {
        expect(text.slice(0, 2)).toBe('\x01b') // Ctrl-A b: QEMU's break
        const letter = text.slice(2)
        typed.push(letter)
        const answer = answers[letter]
        if (answer !== undefined) setImmediate(say, answer)
      },
    },
    qmp: {
      execute: async () => (state === 'hung' ? Promise.reject(new Error('no answer')) : { status: state }),
      monitor: async () => cpu(0, 'ffffffff81a4e8cb', 1),
    },
  }
  return guest as typeof guest & Parameters<typeof askWhy>[0]
}

const soon = { answerMs: 100, pauseMs: 50, mostMs: 200 }

test.concurrent('each key is pressed after a break, and what the kernel says to it is kept', async () => {
  const guest = machine(taken)
  guest.console.listen(() => {})
  const asking = askWhy(guest, soon)
  setImmediate(guest.say, 'of the guest\n')
  expect(await asking).toEqual({ cpus: 'all CPUs idle', tasks: all })
  expect(guest.typed).toEqual(['7', 'l', 'w', 't'])
  expect(guest.listeners.size).toBe(1) // that above
})

test.concurrent.each<[string, Record<string, string>, string[]]>([
  ['takes no break', {}, ['7']],
  ['takes a break for a key of its terminal', { '7': '^@7' }, ['7']],
  [
    'may not tell of tasks',
    { '7': 'sysrq: Changing Loglevel\n', t: 'sysrq: This sysrq operation is disabled.\n' },
    ['7', 'l', 'w', 't'],
  ],
])('a kernel that %s has told nothing', async (_, answers, typed) => {
  const guest = machine(answers)
  expect(await askWhy(guest, soon)).toEqual({ cpus: 'all CPUs idle', tasks: '' })
  expect(guest.typed).toEqual(typed)
})

test.concurrent('a guest that never stops to print is listened to for so long, and no longer', async () => {
  const guest = machine(taken)
  const printing = setInterval(guest.say, 5, 'on and on\n')
  const { tasks } = await askWhy(guest, soon)
  clearInterval(printing)
  expect(tasks).toMatch(/^sysrq: Changing Loglevel\n[\s\S]*on and on\n[\s\S]*task:init\n/)
})

test.concurrent.each<[string, string, { cpus: string | undefined; tasks: string }]>([
  ['is paused', 'paused', { cpus: 'QEMU says it is paused', tasks: '' }],
  ['has a QEMU that does not answer', 'hung', { cpus: undefined, tasks: '' }],
])('a guest that %s is not asked', async (_, state, hang) => {
  const guest = machine(taken, { state })
  expect([await askWhy(guest, soon), guest.typed]).toEqual([hang, []])
})

test.concurrent('who interrupts the asking, or ends the VM, ends it at once', async () => {
  const guest = machine({})
  const started = performance.now()
  await expect(askWhy(guest, { signal: AbortSignal.timeout(20), answerMs: 60_000, mostMs: 60_000 })).rejects.toThrow()
  expect(guest.listeners.size).toBe(0)
  await askWhy(machine({}, { ended: true }), { answerMs: 60_000, mostMs: 60_000 })
  expect(performance.now() - started).toBeLessThan(5000)
})
