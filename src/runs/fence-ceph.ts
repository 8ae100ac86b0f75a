import { CephSession } from '../ceph/ask.js'
import { readCluster } from '../ceph/cluster.js'
import { clientsAt, fence, instanceName } from '../ceph/fence.js'
import { bareAddress } from '../config/addresses.js'
import { RapidoError } from '../errors.js'
import { addressesOf, planNetwork } from '../plan/network.js'
import type { Emit } from './events.js'
import type { RunPlan } from './plan-run.js'
import type { CephUse } from './use-ceph.js'
import { readVmInfos } from './vm-info.js'

/** Fences what VMs left in the cluster whose rapido was killed: sessions from addresses that no VM has now. */
export async function fenceStale(session: CephSession, plan: RunPlan, { number }: { number: number }): Promise<void> {
  const { settings, network, ceph } = plan
  const own = planNetwork(network, settings, number)
  if (own.kind !== 'bridge') return
  const others = (await readVmInfos(settings.paths.state)).filter((vm) => vm.number !== number)
  const inUse = [...own.bridge.addresses.map(bareAddress), ...others.flatMap(({ addresses }) => addresses)]
  // On the host's bridge other users have VMs, too.
  const isPrivate = own.home === 'private'
  const isOursAlone = isPrivate && (ceph?.kind === 'throwaway' || ceph?.isInside)
  const addresses = addressesOf(own)
  const isStale = (address: string) => addresses.includes(address) || (isOursAlone === true && !inUse.includes(address))
  await fence(session, (await clientsAt(session, isStale)).map(instanceName))
}

/**
 * Fences the clients of a VM that has ended without unmounting: otherwise the next one waits for minutes. Whatever is in its
 * way is a note: the VM has ended.
 */
export async function fenceEnded(
  use: CephUse,
  { plan, addresses, emit }: { plan: RunPlan; addresses: string[]; emit: Emit },
): Promise<void> {
  if (use.kind === 'existing' || !(await endsWithUs(plan, addresses))) await fenceAt(use, addresses, emit)
}

/** Fences whatever clients there are at these addresses. */
export async function fenceAt({ client }: CephUse, addresses: string[], emit: Emit): Promise<void> {
  if (client === undefined) return
  try {
    await using session = await CephSession.open(client)
    const clients = await clientsAt(session, (address) => addresses.includes(address))
    await fence(session, clients.map(instanceName))
  } catch (error) {
    if (!(error instanceof RapidoError)) throw error
    emit({ type: 'note', text: `what the VM held in the Ceph cluster is free only in minutes: ${error.message}` })
  }
}

/** A cluster that nobody else uses goes in a moment. */
async function endsWithUs({ settings }: RunPlan, addresses: string[]): Promise<boolean> {
  const cluster = readCluster(settings.paths.state)
  if (cluster === undefined || cluster.isKept) return cluster === undefined
  const users = (await readVmInfos(settings.paths.state)).filter(({ ceph }) => ceph === 'throwaway')
  return users.every((vm) => vm.addresses.join() === addresses.join())
}
