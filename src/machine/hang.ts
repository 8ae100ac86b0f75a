import { setTimeout as delay } from 'node:timers/promises'
import type { Machine } from './machine.js'

type Asked = Pick<Machine, 'console' | 'qmp' | 'end'>

/** QEMU's own key for a break on the serial line of its console; the letter after it is a SysRq. */
const ctrlAb = '\x01b'

/** Information on the console; where each CPU is; blocked tasks; all tasks (Documentation/admin-guide/sysrq.rst). */
const keys = ['7', 'l', 'w', 't']

/** What is said to a key begins after no longer than the first, has no longer pause than the second, and takes no longer. */
const waits = { answerMs: 3000, pauseMs: 300, keyMs: 5000 }

/**
 * Makes a guest that hangs tell where its CPUs and its tasks are; returns what its console said to that. It needs neither our
 * agent nor a shell, but a kernel with CONFIG_MAGIC_SYSRQ_SERIAL that takes interrupts: any other gets an NMI instead.
 */
export async function dumpTasks(machine: Asked, { answerMs, pauseMs, keyMs } = waits): Promise<string> {
  const said: Buffer[] = []
  let heardAt = 0
  const unlisten = machine.console.listen((chunk) => {
    heardAt = performance.now()
    if (said.length < 4096) said.push(chunk)
  })
  const answered = async () => {
    const askedAt = performance.now()
    const isOver = (now: number) =>
      now > askedAt + keyMs || now > (heardAt < askedAt ? askedAt + answerMs : heardAt + pauseMs)
    while (!machine.end && !isOver(performance.now())) await delay(Math.min(pauseMs, 50))
  }
  try {
    for (const key of keys) {
      machine.console.write(`${ctrlAb}${key}`)
      await answered()
      if (said.length > 0) continue
      await machine.qmp.execute('inject-nmi').catch(() => {}) // it may be gone
      await answered()
      break
    }
  } finally {
    unlisten()
  }
  return Buffer.concat(said).toString()
}

/** What QEMU says the CPUs of a guest do; undefined where it says nothing. */
export async function cpusOf({ qmp }: Pick<Machine, 'qmp'>): Promise<string | undefined> {
  try {
    const { status } = (await qmp.execute('query-status')) as { status: string }
    if (status !== 'running') return `QEMU says it is ${status}`
    return describeCpus(await qmp.monitor('info registers -a'))
  } catch {
    return undefined
  }
}

/** `info registers -a` in one line: which CPUs wait for an interrupt, and where the others are. */
export function describeCpus(registers: string): string | undefined {
  const running: string[] = []
  const cpus = registers.split(/^CPU#/m).slice(1)
  for (const cpu of cpus) {
    const [, number] = /^(\d+)/.exec(cpu) ?? []
    const [, place] = /\b(?:RIP|EIP|PC)=([0-9a-f]+)/.exec(cpu) ?? []
    if (!/\bHLT=1\b/.test(cpu)) running.push(`CPU ${number} runs at ${place}`)
  }
  if (cpus.length === 0) return undefined
  return running.length === 0 ? 'all CPUs idle' : running.join(', ')
}
