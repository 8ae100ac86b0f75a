import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { stateOf } from '../host/processes.js'
import { writeAtomic } from '../host/write.js'
import { type CephPrograms, type ClusterPlan, daemonNames } from '../plan/ceph-cluster.js'
import type { CephFiles } from '../plan/state-files.js'
import { throwawayUser } from './access.js'
import { CephSession } from './ask.js'
import { readKeeper } from './cluster.js'
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

/** Daemons that a monitor may take for up because they were so when they ended. */
export interface Restart {
  restarted: string[]
  nonces: Nonces // read before they were started: somebody else may note new ones at any time
}

/** What tells each start of an OSD from its next one, by name. */
export type Nonces = Record<string, number | undefined>

/** Returns when a cluster whose daemons were started can be used. */
export async function awaitUsable(
  plan: ClusterPlan,
  settings: Settings,
  { files, network, signal, ...restart }: Waiting & Restart,
): Promise<void> {
  await using session = await openSession(findDaemons(settings), files, network)
  await untilDeath(plan, { files, signal }, () => usable(plan, session, { files, ...restart }))
}

/** Returns when all OSDs are up and, with an MDS, one is active. */
export async function usable(
  plan: ClusterPlan,
  session: CephSession,
  { files, ...restart }: { files: CephFiles } & Restart,
): Promise<void> {
  const deadline = performance.now() + usableMs
  for (;;) {
    const osds = (await osdsUp(session, restart)).length
    const active = plan.mds === 0 || (await activeMds(session)).length > 0
    if (osds === plan.osds && active) return noteOsds(session, files)
    if (performance.now() > deadline) {
      const state = `${osds} of ${plan.osds} OSDs are up, ${active ? 'an' : 'no'} MDS is active`
      throw new RapidoError('timeout', `the Ceph cluster is not usable after ${usableMs / 1000} s: ${state}`)
    }
    await delay(50)
  }
}

/** The names of the OSDs that are up. One that was restarted has another nonce than before. */
export async function osdsUp(session: CephSession, { restarted, nonces }: Restart): Promise<string[]> {
  const up = (await readOsds(session)).filter(({ isUp }) => isUp)
  return up.flatMap(({ name, nonce }) => (restarted.includes(name) && nonce === nonces[name] ? [] : name))
}

/** Notes what tells this start of each OSD from its next one. Call it when they are up. */
export async function noteOsds(session: CephSession, files: CephFiles): Promise<void> {
  const nonces = Object.fromEntries((await readOsds(session)).map(({ name, nonce }) => [name, nonce]))
  await writeAtomic(files.nonces, JSON.stringify(nonces))
}

async function readOsds(session: CephSession): Promise<{ name: string; isUp: boolean; nonce: number | undefined }[]> {
  interface OsdMap {
    osds: { osd: number; up: 0 | 1; public_addrs: { addrvec: { nonce: number }[] } }[]
  }
  const { osds } = await session.json<OsdMap>('mon', { prefix: 'osd dump' })
  return osds.map(({ osd, up, public_addrs }) => ({
    name: `osd.${osd}`,
    isUp: up === 1,
    nonce: public_addrs.addrvec[0]?.nonce,
  }))
}

/** As noteOsds left them. Read them before what is to be restarted is started. */
export function readNonces(files: CephFiles): Nonces {
  try {
    return JSON.parse(readFileSync(files.nonces, 'utf8'))
  } catch {
    return {}
  }
}

/** The MDS that are active: of one file system, or of all. */
export async function activeMds(session: CephSession, fs?: string): Promise<{ name: string; gid: number }[]> {
  interface FsMap {
    filesystems: { mdsmap: { fs_name: string; info: Record<string, { name: string; gid: number; state: string }> } }[]
  }
  const { filesystems } = await session.json<FsMap>('mon', { prefix: 'fs dump' })
  return filesystems
    .filter(({ mdsmap }) => fs === undefined || mdsmap.fs_name === fs)
    .flatMap(({ mdsmap }) => Object.values(mdsmap.info))
    .filter(({ state }) => state === 'up:active')
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
      if (readKeeper(files) === undefined) {
        throw new RapidoError('host', 'the Ceph cluster was ended while it was started', {
          hint: '`rapido ceph down` does that, and who kills its keeper',
        })
      }
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
  const pid = existsSync(files.pid(name)) ? Number(readFileSync(files.pid(name), 'utf8')) : undefined
  if (pid === undefined || pid === 0) return false // it is not started yet
  const state = stateOf(pid)
  return state === undefined || state === 'Z'
}

/** A conversation with the cluster, as its administrator. */
export function openSession(programs: CephPrograms, files: CephFiles, { enter }: ClusterNetwork): Promise<CephSession> {
  return CephSession.open({ programs, enter, conf: files.conf, user: throwawayUser, keyring: files.keyring })
}
