import { existsSync, statfsSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../errors.js'
import { daemonNames } from '../plan/ceph-cluster.js'
import type { CephFiles } from '../plan/state-files.js'
import { type Cluster, isKeeping, pidOf } from './cluster.js'

const lookMs = 500

/**
 * Watches a cluster that is up, and returns with what went wrong: a daemon has ended that nobody wanted to, or all of them.
 * Whoever uses the cluster would wait for ever. Undefined: the signal came first.
 */
export async function watchCluster(cluster: Cluster, signal: AbortSignal): Promise<RapidoError | undefined> {
  const { plan, files, keeper } = cluster
  let missed: string[] = []
  for (;;) {
    await delay(lookMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return undefined
    if (!isKeeping(keeper, files)) {
      return new RapidoError('host', 'the Ceph cluster has ended under the VM', {
        hint: `its keeper (pid ${keeper}) was killed, or \`rapido ceph down --force\` ended it`,
      })
    }
    const lost = daemonNames(plan).filter((name) => pidOf(name, files) === undefined && !isExpected(name, files))
    const [gone] = lost.filter((name) => missed.includes(name)) // twice: one may just be starting
    if (gone !== undefined) return deathOf(gone, files)
    missed = lost
  }
}

/** That this daemon ends, or has ended, is a fault that somebody wanted. */
export function expectDeath(name: string, files: CephFiles): void {
  writeFileSync(files.killed(name), '')
}

function isExpected(name: string, files: CephFiles): boolean {
  return existsSync(files.killed(name))
}

/** Why a daemon has ended, as far as it said, or the disk tells. */
export async function deathOf(name: string, files: CephFiles): Promise<RapidoError> {
  const what = `${name} of the Ceph cluster has ended`
  if (isFull(files.folder)) {
    return new RapidoError('host', `${what}: there is no space left for ${files.folder}`, {
      hint: 'make room there, or choose another place with paths.state in rapido.toml',
    })
  }
  const read = (path: string) => readFile(path, 'utf8').catch(() => '')
  const said = (await read(`${files.logs}/${name}.out`)) || (await read(`${files.logs}/${name}.log`))
  const lines = said.trim().split('\n')
  const telling = lines.filter((line) => /error|fail|unable|cannot|abort|assert|in use/i.test(line))
  const why = (telling.length > 0 ? telling : lines).slice(-3).join('\n') || 'it said nothing'
  return new RapidoError('host', `${what}: ${why}`, { hint: `all it said is in ${files.logs}` })
}

/** Whether there is less than a MiB left where this folder is. */
export function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < 1024 * 1024
  } catch {
    return false
  }
}
