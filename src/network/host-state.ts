import { addressesOfLink, isInUse, isOwn, isOwnTap, portsOf, userOf } from '../plan/host-links.js'
import { type BridgePlan, vmOfTap } from '../plan/network.js'
import { dnsmasqFor } from './dnsmasq.js'
import { readHostLinks } from './host-links.js'

/** The bridge on the host's own network, as `rapido net status --json` prints it. */
export interface HostNetworkState {
  bridge: BridgePlan
  isUp: boolean
  ports: string[]
  taps: { name: string; vm: number | undefined; user: string | number; inUse: boolean }[]
  uplinks: string[] // ports that rapido did not make
  dhcp: { range: string; pid: number } | null
}

/** The bridge of that name, if rapido has made one. */
export async function readHostNetwork(name: string): Promise<HostNetworkState | undefined> {
  const links = await readHostLinks()
  const bridge = links.find((link) => link.ifname === name && isOwn(link))
  if (bridge === undefined) return undefined
  const ports = portsOf(name, links)
  return {
    bridge: { name, addresses: addressesOfLink(bridge), mtu: bridge.mtu },
    isUp: bridge.flags.includes('UP'),
    ports: ports.map(({ ifname }) => ifname),
    taps: ports.filter(isOwnTap).map((tap) => ({
      name: tap.ifname,
      vm: vmOfTap(tap.ifname),
      user: userOf(tap),
      inUse: isInUse(tap),
    })),
    uplinks: ports.filter((port) => !isOwn(port)).map(({ ifname }) => ifname),
    dhcp: dnsmasqFor(name).serving() ?? null,
  }
}
