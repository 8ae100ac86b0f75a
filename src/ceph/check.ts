import { RapidoError } from '../errors.js'
import type { CephAccess } from '../plan/ceph-access.js'
import { type CephAnswer, type CephSession, errorName } from './ask.js'

/** What a VM needs of a cluster. */
export type CephNeed =
  | { kind: 'cluster' }
  | { kind: 'cephfs'; fs: string | undefined }
  | { kind: 'rbd'; pool: string; image: string; createMiB: number | undefined } // made where there is none

/** What a cluster gets to answer, which it does in a moment or not at all. */
const answerMs = 20_000

/**
 * Asks a cluster, from the host, for what a VM will need: its kernel says "No route to host" to all that can be wrong.
 * Makes the RBD image where that is wanted. Throws RapidoError that says which it is: 'usage' for a key, a name or a pool
 * that is wrong, 'host' where no monitor or MDS answers.
 */
export async function checkCluster(session: CephSession, access: CephAccess, needs: CephNeed[]): Promise<void> {
  const first = await session
    .ask({ to: 'mon', command: { prefix: 'fsid' } }, { timeoutMs: answerMs })
    .catch((error) => {
      if (error instanceof RapidoError && error.code === 'timeout') throw noMonitor(access)
      throw error
    })
  if (first.unreachable) throw unreachable(first, access)
  for (const need of needs) await requireNeed(session, access, need)
}

async function requireNeed(session: CephSession, access: CephAccess, need: CephNeed): Promise<void> {
  switch (need.kind) {
    case 'cluster':
      return
    case 'cephfs':
      return requireFileSystem(session, access, need.fs)
    case 'rbd':
      return requireImage(session, need)
  }
}

function unreachable({ status, why }: CephAnswer, access: CephAccess): RapidoError {
  const name = errorName(status)
  const from = access.keyring ?? 'the secret ceph_key'
  if (name === 'EACCES' || name === 'EPERM') {
    return new RapidoError('usage', `the cluster refuses the key of client.${access.user} (${from})`, {
      hint: 'it is not the key that the cluster has for this user: `ceph auth get client.USER` shows that one',
    })
  }
  if (name === 'ENOENT' || name === 'EINVAL') {
    return new RapidoError('usage', `cannot connect as client.${access.user} (${from}): ${why}`)
  }
  if (name === 'ENOSYS') {
    return new RapidoError('host', `cannot ask the cluster: ${why}`, {
      hint: 'the package ceph-common has the bindings',
    })
  }
  return noMonitor(access)
}

function noMonitor({ monitors, conf }: CephAccess): RapidoError {
  const all = [...monitors.v2, ...monitors.v1].join(', ')
  return new RapidoError('host', `no monitor of the Ceph cluster answers: ${all}`, {
    hint: `is it running, and reached from here? ${conf} has these addresses`,
  })
}

async function requireFileSystem(session: CephSession, access: CephAccess, wanted: string | undefined): Promise<void> {
  interface Map {
    filesystems: { mdsmap: { fs_name: string; info: Record<string, { state: string; rank: number }> } }[]
  }
  const { filesystems } = await session.json<Map>('mon', { prefix: 'fs dump' }, { timeoutMs: answerMs })
  const names = filesystems.map(({ mdsmap }) => mdsmap.fs_name)
  const found = wanted === undefined ? filesystems[0] : filesystems.find(({ mdsmap }) => mdsmap.fs_name === wanted)
  if (found === undefined) {
    const what = wanted === undefined ? 'no file system' : `no file system "${wanted}"`
    throw new RapidoError('usage', `the Ceph cluster has ${what}`, {
      hint:
        names.length === 0
          ? 'it has none at all: `ceph fs volume create` makes one'
          : `it has ${names.join(', ')}: ceph.fs chooses one`,
    })
  }
  const states = Object.values(found.mdsmap.info).map(({ state }) => state)
  if (states.includes('up:active')) return
  throw new RapidoError('host', `the file system ${found.mdsmap.fs_name} of the Ceph cluster has no active MDS`, {
    hint:
      states.length === 0
        ? `no MDS runs for it; see \`ceph fs status\` (conf ${access.conf})`
        : `its MDS are ${states.join(', ')}`,
  })
}

async function requireImage(session: CephSession, need: Extract<CephNeed, { kind: 'rbd' }>): Promise<void> {
  const { pool, image, createMiB } = need
  const pools = await session.json<{ poolname: string }[]>('mon', { prefix: 'osd lspools' }, { timeoutMs: answerMs })
  const names = pools.map(({ poolname }) => poolname)
  if (!names.includes(pool)) {
    throw new RapidoError('usage', `the Ceph cluster has no pool "${pool}"`, {
      hint: names.length === 0 ? 'it has none at all' : `it has ${names.join(', ')}: ceph.pool chooses one`,
    })
  }
  const bytes = createMiB === undefined ? undefined : createMiB * 1024 * 1024
  const { status, why } = await session.ask({ to: 'image', pool, name: image, bytes }, { timeoutMs: 60_000 })
  if (status === 0) return
  if (errorName(status) === 'ENOENT' && createMiB === undefined) {
    throw new RapidoError('usage', `the pool ${pool} has no RBD image "${image}"`, {
      hint: '--set ceph.rbd.create=1G makes it, ceph.image chooses another',
    })
  }
  const what = createMiB === undefined ? 'look for' : `make (${createMiB} MiB)`
  throw new RapidoError('host', `cannot ${what} the RBD image ${pool}/${image}: ${errorName(status)}, ${why}`)
}
