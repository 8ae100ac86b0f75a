import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeAtomic } from '../../host/write.js'

/** How long the tests of a suite took here the last time: `<paths.state>/suites/<profile>.times.json`, ms by testKey. */
export function timesFile(stateDir: string, profile: string): string {
  return join(stateDir, 'suites', `${profile}.times.json`)
}

export function readTimes(file: string): Map<string, number> {
  try {
    const times: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return new Map(Object.entries(times as Record<string, number>).filter(([, ms]) => Number.isFinite(ms)))
  } catch {
    return new Map() // none yet; or not ours to understand, and nothing hangs on it
  }
}

/** Adds times to those of the file. */
export async function keepTimes(file: string, times: ReadonlyMap<string, number>): Promise<void> {
  if (times.size === 0) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  await writeAtomic(file, JSON.stringify(Object.fromEntries([...readTimes(file), ...times])))
}
