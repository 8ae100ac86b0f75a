import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import {
  addressesOfLink,
  belongsTo,
  type HostLink,
  isInUse,
  isOwn,
  isOwnTap,
  portsOf,
  userOf,
} from '../plan/host-links.js'
import type { BridgePlan, NicPlan } from '../plan/network.js'
import { hasLink, ownUser, readHostLinks } from './host-links.js'

/** Whether the host has the bridge of these settings, with taps for this user. */
export async function fitsHostNetwork({ network }: Settings): Promise<boolean> {
  if (!hasLink(network.bridge)) return false
  const links = await readHostLinks()
  const bridge = findBridge(network.bridge, links)
  const taps = portsOf(network.bridge, links).filter(isOwnTap)
  return has(bridge, network.address) && taps.some((tap) => belongsTo(tap, ownUser()))
}

/** Throws RapidoError('host') where the host's bridge of these settings is not up, says `rapido net up`. */
export async function requireHostNetwork({ network }: Settings): Promise<void> {
  const links = hasLink(network.bridge) ? await readHostLinks() : []
  const bridge = findBridge(network.bridge, links)
  if (bridge === undefined) {
    throw new RapidoError('host', `the host has no bridge ${network.bridge} of rapido that is up`, {
      hint: 'run `sudo rapido net up`, or leave out network.home: a network of your own needs no root',
    })
  }
  if (has(bridge, network.address)) return
  const addresses = addressesOfLink(bridge).join(', ') || 'none'
  throw new RapidoError('host', `${network.bridge} has not the address ${network.address}, but ${addresses}`, {
    hint: '`sudo rapido net down`, then `sudo rapido net up` with the settings of now',
  })
}

/** Throws RapidoError('host') where VM `number` has not a free tap of this user's for each of its NICs. */
export async function requireHostTaps(bridge: BridgePlan, nics: NicPlan[], number: number): Promise<void> {
  const ports = portsOf(bridge.name, await readHostLinks())
  for (const { tap } of nics) {
    const problem = tapProblemOf(ports.find(({ ifname }) => ifname === tap))
    if (problem) throw new RapidoError('host', `vm${number}: ${tap} of ${bridge.name} ${problem.what}`, problem)
  }
}

function tapProblemOf(tap: HostLink | undefined): { what: string; hint: string } | undefined {
  const owner = ownUser()
  if (tap === undefined) {
    return {
      what: 'is not there',
      hint: 'a VM of a higher number needs a higher network.taps, and `sudo rapido net up`',
    }
  }
  if (isInUse(tap)) return { what: 'is used by another VM', hint: 'another number has another tap: `--number N`' }
  if (owner.uid === 0 || belongsTo(tap, owner)) return undefined // root may use them all
  return {
    what: `is for VMs of ${userOf(tap)}, not of ${owner.name}`,
    hint: 'network.tap_user says whose they shall be',
  }
}

function findBridge(name: string, links: HostLink[]): HostLink | undefined {
  return links.find((link) => link.ifname === name && isOwn(link) && link.flags.includes('UP'))
}

function has(bridge: HostLink | undefined, address: string): boolean {
  return bridge !== undefined && addressesOfLink(bridge).includes(address)
}
