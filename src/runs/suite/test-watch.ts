import { setTimeout as delay } from 'node:timers/promises'
import { formatDurationMs } from '../../config/units.js'
import type { Incident } from '../../machine/incidents.js'
import type { Vm } from '../vm.js'

/** How long a guest that hangs gets to say where, and its console to be quiet after that. */
const dumpMs = 10_000
const quietMs = 1000
const longestDumpMs = 30_000

/**
 * Makes a guest that hangs tell where all of its tasks are (sysrq w and t); returns what the console said to that. One
 * that does not even run a command any more is asked by an NMI.
 */
export async function dumpTasks(vm: Vm): Promise<string> {
  const said: Buffer[] = []
  let lastMs = performance.now()
  const unlisten = vm.machine.console.listen((chunk) => {
    lastMs = performance.now()
    if (said.length < 4096) said.push(chunk)
  })
  const ask = 'echo 1 >/proc/sys/kernel/sysrq; echo w >/proc/sysrq-trigger; echo t >/proc/sysrq-trigger'
  await vm.exec(ask, { timeoutMs: dumpMs, cwd: '/' }).catch(() => vm.fault('nmi').catch(() => {}))
  const endMs = performance.now() + longestDumpMs
  while (!vm.machine.end && performance.now() < endMs && performance.now() - lastMs < quietMs) await delay(100)
  unlisten()
  return Buffer.concat(said).toString()
}

/** Why a test took too long, in one line: the first blocked task of the dump, where it shows one. */
export function hangReason(limitMs: number, dump: string): string {
  const blocked = /task:(\S+)\s+state:D\b/.exec(dump)?.[1]
  return `took longer than ${formatDurationMs(limitMs)}${blocked === undefined ? '' : `; ${blocked} is blocked`}`
}

/** What a crash is known by: the report that led to a panic says more than the panic. */
export function crashOf(incidents: readonly Incident[]): Incident | undefined {
  const panic = incidents.findLast(({ kind }) => kind === 'panic')
  return panic?.cause ?? panic ?? incidents.at(-1)
}

const taintLetters = 'PFSRMBUDAWCIOELKXTNJ'

/** The flags that are new in a kernel's taint, as /proc/sys/kernel/tainted numbers them: "W". */
export function newTaint(before: number, after: number): string {
  return [...taintLetters].filter((_, bit) => ((after & ~before) >> bit) & 1).join('')
}
