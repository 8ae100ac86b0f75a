import { isIP } from 'node:net'
import { readExisting, throwawayUser } from '../ceph/access.js'
import type { CephNeed } from '../ceph/check.js'
import { readCluster } from '../ceph/cluster.js'
import { findDaemons } from '../ceph/programs.js'
import { overlap } from '../config/addresses.js'
import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { type CephAccess, hostOfMonitor, loopbackMonitors } from '../plan/ceph-access.js'
import { type DiskPlan, rbdImages } from '../plan/disks.js'
import type { NetworkChoice } from '../plan/network.js'

/** The Ceph cluster of a run, and what it needs of it. */
export type CephPlan = { needs: CephNeed[] } & (
  | { kind: 'throwaway' }
  | { kind: 'existing'; access: CephAccess; isInside: boolean } // it is in the VMs' own network
)

/** What an image has where nobody says so, in a cluster that has none. */
const defaultImageMiB = 1024

/**
 * The cluster of a profile, and of disks that are RBD images: the throwaway one or an existing one, as ceph.cluster has it.
 * Throws RapidoError: 'usage' for what the settings or the conf lack, 'host' where the programs of a throwaway one are
 * missing.
 */
export function planCeph(
  profile: Profile,
  settings: Settings,
  { network, disks }: { network: NetworkChoice; disks: DiskPlan[] },
): CephPlan | undefined {
  const images = rbdImages(disks)
  if (profile.ceph === 'none' && images.length === 0) return undefined
  const kind = chooseCluster(settings)
  const { pool, image, fs, rbd } = settings.ceph
  const createMiB = rbd.create ?? (kind === 'throwaway' ? defaultImageMiB : undefined)
  const needsOfProfile: Record<typeof profile.ceph, CephNeed[]> = {
    none: [],
    cluster: [{ kind: 'cluster' }],
    cephfs: [{ kind: 'cephfs', fs }],
    rbd: [{ kind: 'rbd', pool, image, createMiB }],
  }
  const needs = [
    ...needsOfProfile[profile.ceph],
    ...images.map(({ pool, image }): CephNeed => ({ kind: 'rbd', pool, image, createMiB })),
  ]
  if (kind === 'throwaway') {
    if (network.kind !== 'bridge') {
      throw new RapidoError('usage', `profile "${profile.name}": the throwaway Ceph cluster is on the bridge`, {
        hint: 'use network = "bridge" in profile.toml',
      })
    }
    if (settings.ceph.mds === 0 && profile.ceph === 'cephfs') {
      throw new RapidoError('usage', `profile "${profile.name}" needs an MDS, and ceph.mds is 0`)
    }
    if (readCluster(settings.paths.state) === undefined) findDaemons(settings)
    return { needs, kind }
  }
  const access = readExisting(settings)
  const isForGuest = profile.ceph !== 'none'
  return { needs, kind, access, isInside: requireReachable(access, settings, { network, isForGuest }) }
}

/** As whom a run uses its cluster. */
export function cephUserOf(ceph: CephPlan | undefined): string {
  return ceph?.kind === 'existing' ? ceph.access.user : throwawayUser
}

function chooseCluster({ ceph, paths }: Settings): 'throwaway' | 'existing' {
  if (ceph.cluster !== 'auto') return ceph.cluster
  if (readCluster(paths.state) !== undefined) return 'throwaway'
  return ceph.conf === undefined ? 'throwaway' : 'existing'
}

/** Whether the cluster is in the network of the VMs. Throws RapidoError('usage') where a guest, or QEMU, cannot get to it. */
function requireReachable(
  access: CephAccess,
  settings: Settings,
  { network, isForGuest }: { network: NetworkChoice; isForGuest: boolean },
): boolean {
  const { address, address6, uplink } = settings.network
  const monitors = [...access.monitors.v2, ...access.monitors.v1]
  const isInside = monitors.some((at) => [address, address6].some((own) => isIn(hostOfMonitor(at), own)))
  const loopback = loopbackMonitors(access)
  const isOnHost = !isForGuest && !(network.kind === 'bridge' && network.home === 'private') // where QEMU is
  if (loopback.length > 0 && !isOnHost) {
    throw new RapidoError(
      'usage',
      `${access.conf}: the monitor ${loopback[0]} is on this host's loopback, which no guest reaches`,
      {
        hint: 'let it listen on an address of the bridge: vstart.sh has -i ADDRESS',
      },
    )
  }
  if (network.kind === 'none' && isForGuest) {
    throw new RapidoError('usage', 'a VM without a network does not get to the Ceph cluster', {
      hint: 'use network = "bridge" or "user" in profile.toml',
    })
  }
  if (isInside || network.kind !== 'bridge' || network.home === 'host' || uplink === 'nat') return isInside
  throw new RapidoError(
    'usage',
    `the monitors of ${access.conf} (${monitors.join(', ')}) are not in the private network of the VMs`,
    {
      hint: '--set network.uplink=nat gives it a way out; or `sudo rapido net up` makes the bridge on the host',
    },
  )
}

function isIn(host: string, network: string): boolean {
  if (isIP(host) === 0 || host.includes(':') !== network.includes(':')) return false
  return overlap(`${host}/${host.includes(':') ? 128 : 32}`, network)
}
