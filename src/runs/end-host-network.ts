import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { readHostLinks } from '../network/host-links.js'
import { type Done, isAnythingUp, requireRoot, takeHostNetworkDown } from '../network/host-network.js'
import { isInUse, isOwnTap, portsOf } from '../plan/host-links.js'
import { tapName, vmOfTap } from '../plan/network.js'
import { RemoteVm } from './remote.js'
import { readVmInfos, type VmInfo } from './vm-info.js'

/**
 * Takes the bridge and the taps away from the host. Throws RapidoError('usage') with the names of the VMs on it; with
 * `force` those of this user are stopped, and the network is taken away from others.
 */
export async function endHostNetwork(
  settings: Settings,
  { force, ...options }: { force: boolean; signal: AbortSignal; done: Done },
): Promise<void> {
  const { network, paths } = settings
  if (!(await isAnythingUp(network.bridge))) return
  requireRoot('down')
  const { own, others } = await usersOf(network.bridge, paths.state)
  if (force) await Promise.all(own.map((info) => new RemoteVm(paths.state, info).stop()))
  else refuse(network.bridge, [...own.map(({ number, profile }) => `vm${number} (${profile})`), ...others])
  await takeHostNetworkDown(network.bridge, options)
}

/** The VMs on the bridge: this user's, and those that are only seen to have a tap open. */
async function usersOf(bridge: string, stateDir: string): Promise<{ own: VmInfo[]; others: string[] }> {
  const taps = portsOf(bridge, await readHostLinks()).filter(isOwnTap)
  const names = taps.map(({ ifname }) => ifname)
  const infos = await readVmInfos(stateDir)
  const own = infos.filter(({ network, number }) => network === 'host' && names.includes(tapName(number, 0)))
  const isOwnVm = (number: number | undefined) => own.some((info) => info.number === number)
  const others = taps.filter((tap) => isInUse(tap) && !isOwnVm(vmOfTap(tap.ifname)))
  return {
    own,
    others: others.map(({ ifname, linkinfo }) => `${ifname} of ${linkinfo?.info_data?.user ?? 'root'}`),
  }
}

function refuse(bridge: string, users: string[]): void {
  if (users.length === 0) return
  throw new RapidoError('usage', `VMs run on ${bridge}: ${users.join(', ')}`, {
    hint: '`rapido net down --force` stops yours, and takes the network away from those of others',
  })
}
