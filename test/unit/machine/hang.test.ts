import { expect, test } from 'vitest'
import { cpusOf, describeCpus, dumpTasks } from '../../../src/machine/hang.js'

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

test('the CPUs of a VM that is paused, or has no QEMU any more', async () => {
  const qmp = (answer: () => Promise<unknown>) => ({ qmp: { execute: answer, monitor: answer } }) as never
  expect(await cpusOf(qmp(async () => ({ status: 'paused', running: false })))).toBe('QEMU says it is paused')
  expect(await cpusOf(qmp(() => Promise.reject(new Error('gone'))))).toBe(undefined)
})

/** A console that says `answers` to what is typed, and a QEMU that notes its commands. */
function machine(answers: Record<string, string>) {
  const listeners = new Set<(chunk: Buffer) => void>()
  const typed: string[] = []
  const executed: string[] = []
  const console = {
    listen: (listener: (chunk: Buffer) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    write: (text: string) => {
      typed.push(text)
      const answer = answers[text]
      if (answer !== undefined) setImmediate(() => listeners.forEach((listener) => void listener(Buffer.from(answer))))
    },
  }
  const qmp = { execute: async (command: string) => void executed.push(command) }
  return { machine: { console, qmp, end: undefined } as never, typed, executed, listeners }
}

const shortly = { answerMs: 50, pauseMs: 10, keyMs: 1000 }

test('each key is typed after a break, and what the console says to it is kept', async () => {
  const guest = machine({ '\x01b7': 'level\n', '\x01bl': 'cpus\n', '\x01bw': 'blocked\n', '\x01bt': 'all\n' })
  expect(await dumpTasks(guest.machine, shortly)).toBe('level\ncpus\nblocked\nall\n')
  expect(guest.typed).toEqual(['\x01b7', '\x01bl', '\x01bw', '\x01bt'])
  expect(guest.executed).toEqual([])
  expect(guest.listeners.size).toBe(0)
})

test('a kernel that takes no break gets an NMI, and no more keys', async () => {
  const guest = machine({})
  expect(await dumpTasks(guest.machine, shortly)).toBe('')
  expect(guest.typed).toEqual(['\x01b7'])
  expect(guest.executed).toEqual(['inject-nmi'])
})
