import { untilGiven } from '../host/cpu-wait.js'
import type { Machine } from './machine.js'

type Asked = Pick<Machine, 'console' | 'qmp' | 'pid' | 'end'>

/** What can be learnt of a guest that hangs. */
export interface Hang {
  cpus: string | undefined // what they do, in a line; undefined where QEMU does not say
  tasks: string // what the console said of all tasks; empty where the kernel was not to be asked
}

/** QEMU's own key for a break on the serial line of its console; the letter after it is a SysRq. */
const ctrlAb = '\x01b'

/** The level of the console. What a key has the kernel say is information. */
const informationToo = '7'
/** Where each CPU is; which tasks are blocked; all tasks (Documentation/admin-guide/sysrq.rst). */
const keys = ['l', 'w', 't']

/** The kernel begins to answer a key within the first, has said all after a pause as long as the second, or after the third. */
const waits = { answerMs: 3000, pauseMs: 300, mostMs: 5000 }
const tickMs = 50

/** What is said beyond that is in the console's log. */
const mostSaid = 4 * 1024 * 1024

/**
 * Asks a guest that hangs where its CPUs and its tasks are. That needs neither our agent nor a shell, but a kernel with
 * CONFIG_MAGIC_SYSRQ_SERIAL that takes interrupts. Time in which the host has no CPU for it does not count. Rejects
 * once `signal` is aborted.
 */
export async function askWhy(
  machine: Asked,
  options: { signal?: AbortSignal } & Partial<typeof waits> = {},
): Promise<Hang> {
  const status = await statusOf(machine)
  if (status === undefined) return { cpus: undefined, tasks: '' }
  if (status !== 'running') return { cpus: `QEMU says it is ${status}`, tasks: '' }
  const cpus = describeCpus(await machine.qmp.monitor('info registers -a').catch(() => ''))
  return { cpus, tasks: await dumpTasks(machine, { signal: new AbortController().signal, ...waits, ...options }) }
}

async function statusOf({ qmp }: Asked): Promise<string | undefined> {
  try {
    const { status } = (await qmp.execute('query-status')) as { status: string }
    return status
  } catch {
    return undefined
  }
}

async function dumpTasks(
  machine: Asked,
  { signal, answerMs, pauseMs, mostMs }: typeof waits & { signal: AbortSignal },
): Promise<string> {
  const { pid, console } = machine
  let said = ''
  let isQuiet = true
  const unlisten = console.listen((chunk) => {
    isQuiet = false
    if (said.length < mostSaid) said += chunk.toString()
  })
  /** Whether the kernel took it for a SysRq. */
  const press = async (key: string): Promise<boolean> => {
    const start = said.length
    const isTaken = () => said.includes('sysrq: ', start)
    console.write(`${ctrlAb}${key}`)
    let quietMs = 0
    for (let ms = tickMs; ms <= mostMs && !machine.end; ms += tickMs) {
      isQuiet = true
      await untilGiven(tickMs, { pid, signal })
      quietMs = isQuiet ? quietMs + tickMs : 0
      if (isTaken() ? quietMs >= pauseMs : ms >= answerMs) break
    }
    return isTaken()
  }
  try {
    if (!(await press(informationToo))) return ''
    for (const key of keys) await press(key)
  } finally {
    unlisten()
  }
  return said.includes('sysrq: Show State') ? said.slice(said.indexOf('sysrq: ')) : ''
}

/** `info registers -a` in one line: which CPUs wait for an interrupt, and where the others are; undefined where it has none. */
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
