import { formatDurationMs } from '../../config/units.js'
import type { Incident } from '../../machine/incidents.js'

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
