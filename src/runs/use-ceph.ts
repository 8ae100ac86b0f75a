import { readKey, readThrowaway } from '../ceph/access.js'
import { type CephClient, CephRefusal, CephSession } from '../ceph/ask.js'
import { checkCluster } from '../ceph/check.js'
import { readCluster } from '../ceph/cluster.js'
import { fenceDeadOwners } from '../ceph/fence.js'
import type { ClusterNetwork } from '../ceph/keeper.js'
import { findClient } from '../ceph/programs.js'
import { ensureCluster } from '../ceph/start-cluster.js'
import { watchCluster } from '../ceph/watch.js'
import { readSecrets } from '../config/secrets.js'
import { RapidoError } from '../errors.js'
import type { HeldFolder } from '../host/hold.js'
import type { Machine } from '../machine/machine.js'
import { readPrivateNetwork } from '../network/private.js'
import { type CephAccess, cephVariables, clientConf } from '../plan/ceph-access.js'
import type { CephPrograms } from '../plan/ceph-cluster.js'
import { guestRun } from '../plan/guest-env.js'
import { clusterNetwork } from './ceph-cluster.js'
import type { Emit } from './events.js'
import { fenceStale } from './fence-ceph.js'
import type { CephPlan } from './plan-ceph.js'
import type { RunPlan } from './plan-run.js'

/** The cluster that a VM uses. */
export interface CephUse {
  kind: CephPlan['kind']
  access: CephAccess
  client: CephClient | undefined // undefined: this host cannot ask it
  /** What went wrong with a throwaway cluster under the VM: then what waits for it waits for ever. */
  lost: Promise<RapidoError | undefined>
}

/**
 * Sees to it that the cluster of a run is there, for as long as the holder of `member` is, that it has what the run needs,
 * and that nothing is left in it of VMs that are gone. Call it as early as may be: it goes on while the guest boots.
 */
export async function useCeph(
  plan: RunPlan & { ceph: CephPlan },
  options: { number: number; member: HeldFolder; signal: AbortSignal; emit: Emit },
): Promise<CephUse> {
  const { settings, ceph } = plan
  const { emit } = options
  const network = networkOf(plan)
  const access = ceph.kind === 'throwaway' ? await throwaway(plan, network, options) : ceph.access
  if (plan.profile.ceph !== 'none') cephVariables(access, settings) // what is wrong with the mode is told now
  const enter = ceph.kind === 'throwaway' || ceph.isInside ? network.enter : []
  const cluster = ceph.kind === 'throwaway' ? readCluster(settings.paths.state) : undefined
  const lost = cluster ? watchCluster(cluster, options.signal) : new Promise<undefined>(() => {})
  const use = { kind: ceph.kind, access, client: await clientOf(plan, access, enter), lost }
  if (use.client === undefined) {
    emit({ type: 'note', text: 'this host has no programs of Ceph (ceph-common): the cluster is not looked at first' })
    return use
  }
  await using session = await CephSession.open(use.client, { signal: options.signal })
  await asFarAsAllowed(() => checkCluster(session, access, ceph.needs), emit)
  await asFarAsAllowed(() => fenceStale(session, plan, options), emit)
  if (ceph.kind === 'throwaway' || ceph.isInside) {
    const images = ceph.needs.flatMap((need) => (need.kind === 'rbd' ? need : []))
    for (const image of images) await asFarAsAllowed(() => fenceDeadOwners(session, image), emit)
  }
  return use
}

function networkOf({ network, settings }: RunPlan): ClusterNetwork {
  const stateDir = settings.paths.state
  const isPrivate = network.kind === 'bridge' && network.home === 'private'
  const keeper = isPrivate ? readPrivateNetwork(stateDir)?.keeper : undefined
  return clusterNetwork(keeper === undefined ? undefined : { stateDir, keeper })
}

async function throwaway(
  { settings }: RunPlan,
  network: ClusterNetwork,
  { member, signal, emit }: { member: HeldFolder; signal: AbortSignal; emit: Emit },
): Promise<CephAccess> {
  const tell = (what: string) => emit({ type: 'ceph', what })
  const { cluster, start } = await ensureCluster(settings, { network, member, keep: false, shape: {}, signal, tell })
  if (start === 'recovered') emit({ type: 'note', text: 'the Ceph cluster is up again, with what was stored in it' })
  return readThrowaway(cluster.files)
}

async function clientOf(plan: RunPlan, access: CephAccess, enter: string[]): Promise<CephClient | undefined> {
  let programs: CephPrograms
  try {
    programs = findClient(plan.settings)
  } catch (error) {
    if (error instanceof RapidoError) return undefined
    throw error
  }
  const client = { programs, enter, conf: access.conf, user: access.user, keyring: access.keyring }
  if (access.keyring !== undefined) return client
  const { values } = await readSecrets(plan.settings, { env: process.env })
  return { ...client, key: values.get('ceph_key') }
}

/** A user of less than all rights may mount, and not be told everything. */
async function asFarAsAllowed(work: () => Promise<void>, emit: Emit): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof CephRefusal) || !['EACCES', 'EPERM'].includes(error.errorName)) throw error
    emit({ type: 'note', text: `the cluster is not looked at in full: ${error.message}` })
  }
}

/**
 * Why a guest cannot get at what it needs of the cluster, a line each: the cluster is asked, for the kernel says "No route to
 * host" whatever it is; then what the kernel said. None where nothing is wrong.
 */
export async function whyCephFails({ client, access }: CephUse, plan: RunPlan, console: string[]): Promise<string[]> {
  const said = console.filter((line) => /\b(libceph|ceph|rbd): /.test(line)).slice(-3)
  if (client === undefined || plan.ceph === undefined) return said
  try {
    await using session = await CephSession.open(client)
    await checkCluster(session, access, plan.ceph.needs)
    return said
  } catch (error) {
    if (!(error instanceof RapidoError)) throw error
    return [error.message, ...(error.hint === undefined ? [] : [error.hint]), ...said]
  }
}

/** Tells a guest where the cluster is, and the key, over the control channel. */
export async function tellCeph(
  { machine, env }: { machine: Machine; env: Record<string, string> },
  { access }: CephUse,
  { settings, profile }: RunPlan,
): Promise<void> {
  if (profile.ceph === 'none') return // QEMU alone uses it
  Object.assign(env, { ...cephVariables(access, settings), ...settings.guest.env })
  const conf = clientConf(access, settings, { keyfile: `${guestRun.secrets}/ceph_key` })
  await machine.channel.writeFile(guestRun.cephConf, conf, 0o600)
  if (access.keyring === undefined) return // sent with the other secrets
  await machine.channel.writeFile(`${guestRun.secrets}/ceph_key`, readKey(access.keyring, access.user), 0o600)
}
