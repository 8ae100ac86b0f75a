import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import type { HeldFolder } from '../host/hold.js'
import { writeAtomic } from '../host/write.js'
import { type ClusterPlan, planCluster, shapeText } from '../plan/ceph-cluster.js'
import { childEnv } from '../plan/child-env.js'
import { cephFiles } from '../plan/state-files.js'
import { type Cluster, isKept, readCluster, readPlan, startMissing } from './cluster.js'
import { type ClusterNetwork, startKeeper, tellKeeper } from './keeper.js'
import { makeCluster, startAgain } from './make-cluster.js'
import { findDaemons } from './programs.js'
import { awaitUsable, readNonces, usableMs } from './usable.js'
import { isFull } from './watch.js'

/** What it took for the cluster to be up. */
export type ClusterStart = 'running' | 'recovered' | 'started' | 'started anew'

/** What was asked for by name, and not only by settings: a cluster that runs must have it. */
export type Shape = Partial<Pick<ClusterPlan, 'osds' | 'mds'>>

/**
 * Sees to it that the throwaway cluster of a state folder is up, and makes the holder of `member` one of its members: it
 * lasts until the last of them has ended, or with `keep` until it is told to end. Throws RapidoError: 'host' where
 * something is missing or a daemon dies, 'usage' where it is up with other settings, 'timeout' where it gets nowhere.
 */
export async function ensureCluster(
  settings: Settings,
  options: {
    network: ClusterNetwork
    member: HeldFolder
    keep: boolean
    shape: Shape
    signal: AbortSignal
    tell: (what: string) => void // progress
  },
): Promise<{ cluster: Cluster; start: ClusterStart }> {
  const { network, member, signal, tell } = options
  const stateDir = settings.paths.state
  const files = cephFiles(stateDir)
  requirePlainPath(files.folder)
  const startedMs = performance.now()
  let isTold = false // that we wait
  for (;;) {
    signal.throwIfAborted()
    const joined = await member.join(files.folder)
    const found = joined && existsSync(files.ready) ? readCluster(stateDir) : undefined
    if (found) {
      requireFits(found.plan, settings, options.shape)
      if (options.keep) await tellKeeper(files, 'keep')
      const nonces = readNonces(files) // before somebody else notes those of this start
      const missing = await startMissing(found)
      if (missing.length > 0) {
        tell(`starting ${missing.join(', ')} again`)
        await awaitUsable(found.plan, settings, { files, network, signal, restarted: missing, nonces })
      }
      return { cluster: found, start: missing.length > 0 ? 'recovered' : 'running' }
    }
    const programs = findDaemons(settings)
    const before = isKept(files) ? readPlan(files) : undefined
    if (before) requireToStart(before, settings, options) // what it stores would be lost
    const keeper = await startKeeper(files, network, childEnv(process.env, settings))
    if (keeper === 'taken') {
      const waitedMs = performance.now() - startedMs
      if (waitedMs > madeMs) throw new RapidoError('timeout', `${files.folder} is locked, but no cluster is up`)
      if (waitedMs > 1000 && !isTold) {
        tell('waiting for the Ceph cluster, which another rapido makes')
        isTold = true
      }
      await delay(100) // somebody else makes it just now, or ends it
      continue
    }
    try {
      const again = before !== undefined && fits(before, settings, options.shape)
      if (again) await startAgain(before, settings, { files, network, programs, signal, tell })
      else await makeCluster(settings, { files, network, programs, signal, tell })
      if (options.keep || again) await tellKeeper(files, 'keep') // what was kept is kept
      if (!(await member.join(files.folder))) throw new RapidoError('host', 'the Ceph cluster has ended just now')
      await writeAtomic(files.ready, '')
      keeper.ready()
      const cluster = readCluster(stateDir)
      if (cluster === undefined) throw new RapidoError('host', 'the keeper of the Ceph cluster was killed')
      return { cluster, start: again ? 'recovered' : before ? 'started anew' : 'started' }
    } catch (error) {
      // On a full disk some programs of Ceph wait for ever, others end.
      if (!(error instanceof RapidoError) || error.code !== 'timeout' || !isFull(files.folder)) throw error
      throw new RapidoError('host', `${error.message}: there is no space left for ${files.folder}`, {
        hint: 'make room there, or choose another place with paths.state in rapido.toml',
        cause: error,
      })
    } finally {
      keeper.letGo() // where it is not ready it ends, with all it has, but for what was kept
    }
  }
}

const madeMs = 4 * usableMs // who makes it runs two programs, waits until it is usable, and may have ended one before

/** Throws RapidoError('usage') for a path that a ceph.conf cannot hold. */
function requirePlainPath(folder: string): void {
  const [character] = /[#;$"'\\\s]/.exec(folder) ?? []
  if (character === undefined) return
  throw new RapidoError(
    'usage',
    `the Ceph cluster cannot be in ${folder}: ceph.conf takes no "${character}" in a path`,
    {
      hint: 'choose another place with paths.state in rapido.toml',
    },
  )
}

/** Throws RapidoError('usage') where a cluster is not as it was asked for by name, or not where VMs look for it. */
function requireFits(is: ClusterPlan, settings: Settings, wanted: Shape): void {
  const should = { ...is, ...givenOnly(wanted), address: planCluster(settings, is.fsid).address }
  if (JSON.stringify(is) === JSON.stringify(should)) return
  const shown = (plan: ClusterPlan) => `${shapeText(plan)} at ${plan.address}`
  throw new RapidoError('usage', `your Ceph cluster is up with other settings: ${shown(is)}; not ${shown(should)}`, {
    hint: '`rapido ceph down` ends it, and what is stored in it',
  })
}

/**
 * Throws RapidoError('usage') where a kept cluster is not started again as it was. Only who asks for another shape by name,
 * to keep that, has it made anew.
 */
function requireToStart(is: ClusterPlan, settings: Settings, { shape, keep }: { shape: Shape; keep: boolean }): void {
  if (fits(is, settings, keep ? {} : shape)) return
  const { address, ports } = planCluster(settings, is.fsid)
  const shown = (plan: ClusterPlan) =>
    `${shapeText(plan)} at ${plan.address}, ports ${plan.ports.v2} and ${plan.ports.v1}`
  const should = { ...is, ...givenOnly(shape), address, ports }
  throw new RapidoError('usage', `the Ceph cluster you keep has other settings: ${shown(is)}; not ${shown(should)}`, {
    hint: 'leave the settings as they were, or `rapido ceph down` removes it, and what is stored in it',
  })
}

function fits(is: ClusterPlan, settings: Settings, wanted: Shape): boolean {
  const { address, ports } = planCluster(settings, is.fsid)
  return JSON.stringify(is) === JSON.stringify({ ...is, ...givenOnly(wanted), address, ports })
}

function givenOnly(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined))
}
