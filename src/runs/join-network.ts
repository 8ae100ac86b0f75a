import { daemonsOf, readCluster } from '../ceph/cluster.js'
import type { HeldFolder } from '../host/hold.js'
import { requireHostTaps } from '../network/host-access.js'
import { enterNetwork, joinPrivateNetwork } from '../network/private.js'
import type { NetworkPlan } from '../plan/network.js'
import { readVmInfos } from './vm-info.js'

/** How QEMU gets to the network of its VM. */
export interface Attachment {
  enter: string[] // the command that runs it in the network's namespaces; empty: it runs where we do
  env: Record<string, string> // for src/network/tap-up.sh
}

/** Sees to it that the network of VM `number` is there, for as long as the holder of `member` is. */
export async function joinNetwork(
  plan: NetworkPlan,
  options: { number: number; stateDir: string; member: HeldFolder; signal: AbortSignal },
): Promise<Attachment> {
  if (plan.kind !== 'bridge') return { enter: [], env: {} }
  if (plan.home === 'host') {
    await requireHostTaps(plan.bridge, plan.nics, options.number)
    return { enter: [], env: {} }
  }
  const others = await processesOfNetwork(options.stateDir)
  const network = await joinPrivateNetwork(plan.bridge, { ...options, others })
  const env = { RAPIDO_BRIDGE: plan.bridge.name, RAPIDO_MTU: String(plan.bridge.mtu ?? 1500) }
  return { enter: enterNetwork(network), env }
}

/** Process ids that may still be in the private network, should its keeper have been killed. */
export async function processesOfNetwork(stateDir: string): Promise<number[]> {
  const vms = (await readVmInfos(stateDir)).flatMap(({ qemuPid }) => qemuPid ?? [])
  const cluster = readCluster(stateDir)
  return [...vms, ...(cluster ? daemonsOf(cluster).flatMap(({ pid }) => pid ?? []) : [])]
}
