import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { endHoldersOf } from '../host/tap-holders.js'
import { readHostLinks } from '../network/host-links.js'
import { type Done, isAnythingUp, requireRoot, takeHostNetworkDown } from '../network/host-network.js'
import { type HostLink, isInUse, isOwnTap, portsOf, userOf } from '../plan/host-links.js'
import { tapName, vmOfTap } from '../plan/network.js'
import { RemoteVm } from './remote.js'
import { readVmInfos, type VmInfo } from './vm-info.js'

/**
 * Takes the bridge and the taps away from the host. Throws RapidoError('usage') with the names of the VMs on it; with
 * `force` those of this state folder are stopped, and others ended.
 */
export async function endHostNetwork(
  settings: Settings,
  { force, ...options }: { force: boolean; signal: AbortSignal; done: Done },
): Promise<void> {
  const { network, paths } = settings
  if (!(await isAnythingUp(network.bridge))) return
  requireRoot('down')
  const { own, others } = await usersOf(network.bridge, paths.state)
  if (force) {
    await Promise.all(own.map((info) => new RemoteVm(paths.state, info).stop()))
    await endHoldersOf(others.map(({ ifname }) => ifname))
  } else {
    refuse(network.bridge, [
      ...own.map(({ number, profile }) => `vm${number} (${profile})`),
      ...others.map((tap) => `${tap.ifname} of ${userOf(tap)}`),
    ])
  }
  await takeHostNetworkDown(network.bridge, options)
}

/** The VMs on the bridge: this user's, and those that are only seen to have a tap open. */
async function usersOf(bridge: string, stateDir: string): Promise<{ own: VmInfo[]; others: HostLink[] }> {
  const taps = portsOf(bridge, await readHostLinks()).filter(isOwnTap)
  const names = taps.map(({ ifname }) => ifname)
  const infos = await readVmInfos(stateDir)
  const own = infos.filter(({ network, number }) => network === 'host' && names.includes(tapName(number, 0)))
  const isOwnVm = (number: number | undefined) => own.some((info) => info.number === number)
  return { own, others: taps.filter((tap) => isInUse(tap) && !isOwnVm(vmOfTap(tap.ifname))) }
}

function refuse(bridge: string, users: string[]): void {
  if (users.length === 0) return
  throw new RapidoError('usage', `VMs run on ${bridge}: ${users.join(', ')}`, {
    hint: '`rapido net down --force` ends them first',
  })
}
