import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { type CephPrograms, type ClusterPlan, daemonNames } from '../plan/ceph-cluster.js'
import type { CephFiles } from '../plan/state-files.js'
import { CephSession } from './ask.js'
import { pidOf } from './cluster.js'
import type { ClusterNetwork } from './keeper.js'
import { findDaemons } from './programs.js'
import { deathOf } from './watch.js'

/** How long a cluster gets until its OSDs are up and an MDS is active: seconds, but on a busy host. */
export const usableMs = 60_000

interface Waiting {
  files: CephFiles
  network: ClusterNetwork
  signal: AbortSignal
}

/** Returns when a cluster whose daemons were started can be used. */
export async function awaitUsable(
  plan: ClusterPlan,
  settings: Settings,
  { files, network, signal }: Waiting,
): Promise<void> {
  await using session = await openSession(findDaemons(settings), files, network)
  await untilDeath(plan, { files, signal }, () => usable(plan, files, session))
}

/** Returns when all OSDs are up and, with an MDS, one is active. */
export async function usable(plan: ClusterPlan, files: CephFiles, session: CephSession): Promise<void> {
  const deadline = performance.now() + usableMs
  for (;;) {
    const osds = (await osdsUp(files, session)).length
    const active = plan.mds === 0 || (await activeMds(session)).length > 0
    if (osds === plan.osds && active) return
    if (performance.now() > deadline) {
      const state = `${osds} of ${plan.osds} OSDs are up, ${active ? 'an' : 'no'} MDS is active`
      throw new RapidoError('timeout', `the Ceph cluster is not usable after ${usableMs / 1000} s: ${state}`)
    }
    await delay(50)
  }
}

/** The names of the OSDs that are up. A monitor that is started again takes OSDs for up that were so when it ended: the nonce is their process id. */
export async function osdsUp(files: CephFiles, session: CephSession): Promise<string[]> {
  interface Osd {
    osd: number
    up: 0 | 1
    public_addrs: { addrvec: { nonce: number }[] }
  }
  const { osds } = await session.json<{ osds: Osd[] }>('mon', { prefix: 'osd dump' })
  const isUp = ({ osd, up, public_addrs }: Osd) => {
    const pid = pidOf(`osd.${osd}`, files)
    return up === 1 && public_addrs.addrvec.some(({ nonce }) => nonce === pid)
  }
  return osds.filter(isUp).map(({ osd }) => `osd.${osd}`)
}

/** The MDS that are active, of all file systems. */
export async function activeMds(session: CephSession): Promise<{ name: string; gid: number }[]> {
  interface Map {
    filesystems: { mdsmap: { info: Record<string, { name: string; gid: number; state: string }> } }[]
  }
  const { filesystems } = await session.json<Map>('mon', { prefix: 'fs dump' })
  return filesystems.flatMap(({ mdsmap }) => Object.values(mdsmap.info)).filter(({ state }) => state === 'up:active')
}

/** Works, but no longer than all daemons that were started live, and nobody aborts. */
export async function untilDeath(
  plan: ClusterPlan,
  { files, signal }: Pick<Waiting, 'files' | 'signal'>,
  work: () => Promise<void>,
): Promise<void> {
  const over = new AbortController()
  const watch = async () => {
    for (;;) {
      await delay(100, undefined, { signal: over.signal })
      signal.throwIfAborted()
      for (const name of daemonNames(plan)) {
        if (isDead(name, files)) throw await deathOf(name, files)
      }
    }
  }
  const watching = watch()
  watching.catch(() => {}) // seen in the race, or over
  try {
    await Promise.race([work(), watching])
  } finally {
    over.abort()
  }
}

/** A zombie is dead: its keeper has not looked yet. */
function isDead(name: string, files: CephFiles): boolean {
  let pid: string
  try {
    pid = readFileSync(files.pid(name), 'utf8').trim()
  } catch {
    return false // not started yet
  }
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''))
  } catch {
    return true
  }
}

/** A conversation with the cluster, as its administrator. */
export function openSession(programs: CephPrograms, files: CephFiles, { enter }: ClusterNetwork): Promise<CephSession> {
  return CephSession.open({ programs, enter, conf: files.conf, user: 'admin', keyring: files.keyring })
}
