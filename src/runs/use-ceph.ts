import { readKey, readThrowaway } from '../ceph/access.js'
import type { CephClient } from '../ceph/ask.js'
import { checkCluster } from '../ceph/check.js'
import { findClient } from '../ceph/programs.js'
import { ensureCluster } from '../ceph/start-cluster.js'
import { RapidoError } from '../errors.js'
import type { HeldFolder } from '../host/hold.js'
import type { Machine } from '../machine/machine.js'
import { readPrivateNetwork } from '../network/private.js'
import { type CephAccess, cephVariables } from '../plan/ceph-access.js'
import { guestRun } from '../plan/guest-env.js'
import { clusterNetwork } from './ceph-cluster.js'
import type { Emit } from './events.js'
import type { CephPlan } from './plan-ceph.js'
import type { RunPlan } from './plan-run.js'

/** The cluster that a VM uses. */
export interface CephUse {
  kind: CephPlan['kind']
  access: CephAccess
  client: CephClient | undefined // undefined: this host cannot ask it
}

/**
 * Sees to it that the cluster of a run is there, for as long as the holder of `member` is, and that it has what the run
 * needs. Call it as early as may be: it goes on while the guest boots.
 */
export async function useCeph(
  plan: RunPlan & { ceph: CephPlan },
  { member, signal, emit }: { member: HeldFolder; signal: AbortSignal; emit: Emit },
): Promise<CephUse> {
  const { settings, ceph } = plan
  const stateDir = settings.paths.state
  const home = plan.network.kind === 'bridge' ? plan.network.home : undefined
  const keeper = home === 'private' ? readPrivateNetwork(stateDir)?.keeper : undefined
  const network = clusterNetwork(keeper === undefined ? undefined : { stateDir, keeper })
  let access: CephAccess
  if (ceph.kind === 'throwaway') {
    const tell = (what: string) => emit({ type: 'ceph', what })
    const { cluster, start } = await ensureCluster(settings, { network, member, keep: false, shape: {}, signal, tell })
    if (start === 'recovered') emit({ type: 'note', text: 'the Ceph cluster is up again, with what was stored in it' })
    access = readThrowaway(cluster.files)
  } else {
    access = ceph.access
  }
  const enter = ceph.kind === 'throwaway' || ceph.isInside ? network.enter : []
  const use = { kind: ceph.kind, access, client: clientOf(plan, access, enter) }
  cephVariables(access, settings) // what is wrong with the mode is told now
  if (use.client) await checkCluster(use.client, access, ceph.need)
  else
    emit({ type: 'note', text: 'this host has no programs of Ceph (ceph-common): the cluster is not looked at first' })
  return use
}

function clientOf(plan: RunPlan, access: CephAccess, enter: string[]): CephClient | undefined {
  try {
    const programs = findClient(plan.settings)
    return { programs, enter, conf: access.conf, user: access.user, keyring: access.keyring }
  } catch (error) {
    if (error instanceof RapidoError) return undefined
    throw error
  }
}

/** Tells a guest where the cluster is, and the key, over the control channel. */
export async function tellCeph(
  { machine, env }: { machine: Machine; env: Record<string, string> },
  { access }: CephUse,
  { settings }: RunPlan,
): Promise<void> {
  Object.assign(env, { ...cephVariables(access, settings), ...settings.guest.env })
  if (access.keyring === undefined) return // sent with the other secrets
  await machine.channel.writeFile(`${guestRun.secrets}/ceph_key`, readKey(access.keyring, access.user), 0o600)
}
