import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../errors.js'
import { commandLineOf } from '../host/processes.js'
import { type ClusterPlan, daemonNames } from '../plan/ceph-cluster.js'
import { type CephFiles, cephFiles } from '../plan/state-files.js'
import { startDaemon, tellKeeper } from './keeper.js'

/** The throwaway cluster of a user, while its keeper runs. */
export interface Cluster {
  plan: ClusterPlan
  keeper: number // process id
  isKept: boolean // by `rapido ceph up`, until `rapido ceph down`
  files: CephFiles
}

/** A daemon of a cluster. */
export interface Daemon {
  name: string // "osd.0"
  pid: number | undefined // undefined: it is not running
}

/** The cluster of a state folder, if it is up: made and kept, whatever its daemons do. */
export function readCluster(stateDir: string): Cluster | undefined {
  const files = cephFiles(stateDir)
  const [keeper, plan] = [readKeeper(files), readPlan(files)]
  return keeper === undefined || plan === undefined ? undefined : { plan, keeper, isKept: isKept(files), files }
}

/** The process id of a keeper that runs. */
export function readKeeper(files: CephFiles): number | undefined {
  try {
    const keeper = Number(readFileSync(files.keeper, 'utf8'))
    return isKeeping(keeper, files) ? keeper : undefined
  } catch {
    return undefined
  }
}

/** Whether this process is the keeper of a cluster: its number may be another's by now. */
export function isKeeping(pid: number, files: CephFiles): boolean {
  return commandLineOf(pid).includes(files.folder)
}

/** The plan of a cluster that is made, whether anybody keeps it or not. */
export function readPlan(files: CephFiles): ClusterPlan | undefined {
  try {
    return JSON.parse(readFileSync(files.plan, 'utf8'))
  } catch {
    return undefined
  }
}

/** Whether somebody wanted it to last. */
export function isKept(files: CephFiles): boolean {
  try {
    readFileSync(files.kept)
    return true
  } catch {
    return false
  }
}

/** All daemons of a cluster, with those that do not run. */
export function daemonsOf({ plan, files }: Pick<Cluster, 'plan' | 'files'>): Daemon[] {
  return daemonNames(plan).map((name) => ({ name, pid: pidOf(name, files) }))
}

/** The process of a daemon: a number that a file remembers may be another's by now. */
export function pidOf(name: string, files: CephFiles): number | undefined {
  try {
    const pid = Number(readFileSync(files.pid(name), 'utf8'))
    const words = commandLineOf(pid) // none, of a zombie
    const [kind, id = ''] = name.split('.')
    return words.includes(files.conf) && words.includes(id) && words.some((word) => word.endsWith(`ceph-${kind}`))
      ? pid
      : undefined
  } catch {
    return undefined
  }
}

/** Starts those daemons that do not run; returns their names. */
export async function startMissing(cluster: Pick<Cluster, 'plan' | 'files'>): Promise<string[]> {
  const missing = daemonsOf(cluster).filter(({ pid }) => pid === undefined)
  for (const { name } of missing) await startDaemon(name, cluster.files)
  return missing.map(({ name }) => name)
}

/**
 * Ends a cluster: its daemons are killed, and what they stored goes with them, unless `keepData`. Returns when its
 * keeper is gone. Throws RapidoError('host') where it does not go.
 */
export async function endCluster(
  { files, keeper }: Pick<Cluster, 'files' | 'keeper'>,
  { keepData }: { keepData: boolean },
): Promise<void> {
  if (keepData) await tellKeeper(files, 'keep') // so that the next one goes on with it
  await tellKeeper(files, keepData ? 'leave' : 'end')
  const deadline = performance.now() + endMs
  while (isKeeping(keeper, files)) {
    if (performance.now() > deadline) {
      throw new RapidoError('host', `the keeper of the Ceph cluster (pid ${keeper}) does not end`, {
        hint: `a daemon hangs in the kernel of this host, or ${files.folder} cannot be removed`,
      })
    }
    await delay(10)
  }
}

const endMs = 20_000
