import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { networkNamespaceOf } from './processes.js'

/** Ends whoever has one of these taps of our network open; it takes root to see them all. Returns once nobody has. */
export async function endHoldersOf(taps: string[]): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of holdersOf(taps)) kill(pid, signal)
    for (let tries = 0; tries < 100 && holdersOf(taps).length > 0; tries++) await delay(20)
  }
}

/** Process ids. A private network may have a tap of the same name. */
function holdersOf(taps: string[]): number[] {
  if (taps.length === 0) return []
  const ours = networkNamespaceOf(process.pid)
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids
    .map(Number)
    .filter((pid) => networkNamespaceOf(pid) === ours && openTaps(pid).some((tap) => taps.includes(tap)))
}

function openTaps(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fdinfo`
    // Only an open tap has this line.
    return readdirSync(folder).flatMap((fd) => /^iff:\t(.+)$/m.exec(readFileSync(`${folder}/${fd}`, 'utf8'))?.[1] ?? [])
  } catch {
    return [] // it has just ended, or closed a file
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {} // it has just ended
}
