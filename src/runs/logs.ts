import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { logsFolder } from '../plan/state-files.js'
import { readVmInfos } from './vm-info.js'

/** Removes all but the newest `keep` console logs. Those of VMs that run are never touched, and do not count. */
export async function pruneLogs(stateDir: string, keep: number): Promise<void> {
  const folder = logsFolder(stateDir)
  const running = new Set((await readVmInfos(stateDir)).map((info) => info.consoleLog))
  const names = await readdir(folder)
  const past = names // their names begin with the time: the order of names is that of runs
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => !running.has(path))
  const old = past.slice(0, Math.max(0, past.length - keep))
  await Promise.all(old.map((path) => rm(path, { force: true })))
}
