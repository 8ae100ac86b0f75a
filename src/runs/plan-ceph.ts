import { readExisting } from '../ceph/access.js'
import type { CephNeed } from '../ceph/check.js'
import { readCluster } from '../ceph/cluster.js'
import { findDaemons } from '../ceph/programs.js'
import { overlap } from '../config/addresses.js'
import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { type CephAccess, hostOfMonitor, loopbackMonitors } from '../plan/ceph-access.js'
import type { NetworkChoice } from '../plan/network.js'

/** The Ceph cluster of a run, and what it needs of it. */
export type CephPlan = { need: CephNeed } & (
  | { kind: 'throwaway' }
  | { kind: 'existing'; access: CephAccess; isInside: boolean } // it is in the VMs' own network
)

/** What an image has where nobody says so, in a cluster that has none. */
const defaultImageMiB = 1024

/**
 * The cluster of a profile: the throwaway one or an existing one, as ceph.cluster has it. Throws RapidoError: 'usage' for
 * what the settings or the conf lack, 'host' where the programs of a throwaway one are missing.
 */
export function planCeph(profile: Profile, settings: Settings, network: NetworkChoice): CephPlan | undefined {
  if (profile.ceph === 'none') return undefined
  const kind = chooseCluster(settings)
  const { pool, image, fs, rbd } = settings.ceph
  const createMiB = rbd.create ?? (kind === 'throwaway' ? defaultImageMiB : undefined)
  const needs: Record<typeof profile.ceph, CephNeed> = {
    cluster: { kind: 'cluster' },
    cephfs: { kind: 'cephfs', fs },
    rbd: { kind: 'rbd', pool, image, createMiB },
  }
  const need = needs[profile.ceph]
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
    return { need, kind }
  }
  const access = readExisting(settings)
  return { need, kind, access, isInside: requireReachable(access, settings, network) }
}

function chooseCluster({ ceph, paths }: Settings): 'throwaway' | 'existing' {
  if (ceph.cluster !== 'auto') return ceph.cluster
  if (readCluster(paths.state) !== undefined) return 'throwaway'
  return ceph.conf === undefined ? 'throwaway' : 'existing'
}

/** Whether the cluster is in the network of the VMs. Throws RapidoError('usage') where a guest cannot get to it. */
function requireReachable(access: CephAccess, settings: Settings, network: NetworkChoice): boolean {
  const { address, address6, uplink } = settings.network
  const monitors = [...access.monitors.v2, ...access.monitors.v1]
  const isInside = monitors.some((at) => [address, address6].some((own) => isIn(hostOfMonitor(at), own)))
  const loopback = loopbackMonitors(access)
  if (loopback.length > 0) {
    throw new RapidoError(
      'usage',
      `${access.conf}: the monitor ${loopback[0]} is on this host's loopback, which no guest reaches`,
      {
        hint: 'let it listen on an address of the bridge: vstart.sh has -i ADDRESS',
      },
    )
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
  if (!/^[0-9a-fA-F.:]+$/.test(host) || host.includes(':') !== network.includes(':')) return false
  return overlap(`${host}/${host.includes(':') ? 128 : 32}`, network)
}
