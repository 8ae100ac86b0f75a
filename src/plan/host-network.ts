import { networkOf, overlap } from '../config/addresses.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import {
  addressesOfLink,
  belongsTo,
  type HostLink,
  isOwn,
  isOwnTap,
  kindOfLink,
  ownAlias,
  portsOf,
  type TapOwner,
  unmarkedName,
  userOf,
} from './host-links.js'
import { type BridgePlan, planBridge, tapsOf } from './network.js'

/** What is to be on the host's own network. */
export interface HostNetwork {
  mac: string // of the bridge, should it be made
  bridge: BridgePlan
  taps: string[]
  owner: TapOwner
  uplink: string | undefined
}

/** One `ip` command, and the one that takes it back. */
export interface HostStep {
  what: string // reads on from "cannot"
  ip: string[]
  undo?: string[]
}

/** The host's network of the settings, without the addresses that the host can't have. Throws RapidoError('usage'). */
export function hostNetwork(
  settings: Settings,
  { owner, ipv6, random }: { owner: TapOwner; ipv6: boolean; random: Buffer },
): HostNetwork {
  const { taps } = settings.network
  const uplink = hostUplink(settings)
  const bridge = planBridge(settings)
  const numbers = Array.from({ length: taps }, (_, index) => index + 1)
  return {
    // Like bridgeMac, but not the same on all hosts: with an uplink, others may see it.
    mac: ['02:72:70:ff', random.toString('hex', 0, 1), random.toString('hex', 1, 2)].join(':'),
    bridge: { ...bridge, addresses: bridge.addresses.filter((address) => ipv6 || !address.includes(':')) },
    taps: numbers.flatMap((number) => tapsOf(settings, number)),
    owner,
    uplink,
  }
}

/** The interface that is to be on the bridge of the host. Throws RapidoError('usage') for what is none. */
export function hostUplink({ network }: Settings): string | undefined {
  if (network.uplink !== 'nat') return network.uplink
  throw new RapidoError('usage', 'network.uplink = "nat" is for a private network, not for the bridge of the host', {
    hint: 'name an interface of the host, or leave network.uplink out',
  })
}

/**
 * The steps that are still missing, whoever did some of them before. Throws RapidoError('host') where something of the
 * host is in the way that rapido did not make.
 */
export function planHostUp(wanted: HostNetwork, links: HostLink[]): HostStep[] {
  const find = (name: string) => links.find(({ ifname }) => ifname === name)
  const bridge = find(wanted.bridge.name)
  refuseForeignBridge(wanted.bridge.name, bridge)
  refuseTakenAddresses(wanted.bridge, links)
  const taps = wanted.taps.map((name) => ({ name, link: find(name) }))
  for (const { link } of taps) refuseForeignTap(wanted, link)
  return [
    ...unmarkedSteps(links),
    ...bridgeSteps(wanted, bridge),
    ...taps.flatMap(({ name, link }) => tapSteps(name, wanted, link)),
    ...uplinkSteps(wanted, find),
  ]
}

/** The steps that leave nothing of rapido, and everything else as it is. None where there is nothing of it. */
export function planHostDown(name: string, links: HostLink[]): HostStep[] {
  const bridge = links.find((link) => link.ifname === name && isOwn(link))
  const ports = bridge ? portsOf(name, links) : []
  const halfMade = links.filter((link) => isOwnTap(link) && link.master === undefined)
  const remove = ({ ifname }: HostLink) => ({ what: `remove ${ifname}`, ip: ['link', 'delete', 'dev', ifname] })
  return [
    ...unmarkedSteps(links),
    ...ports.filter((port) => !isOwn(port)).map(({ ifname }) => releaseStep(ifname)),
    ...[...ports.filter(isOwn), ...halfMade].map(remove),
    ...(bridge ? [remove(bridge)] : []),
  ]
}

function refuseForeignBridge(name: string, link: HostLink | undefined): void {
  if (link === undefined || (isOwn(link) && kindOfLink(link) === 'bridge')) return
  throw new RapidoError('host', `the host has an interface ${name} that rapido did not make (${kindOfLink(link)})`, {
    hint: 'choose another name with network.bridge',
  })
}

function refuseTakenAddresses({ name, addresses }: BridgePlan, links: HostLink[]): void {
  for (const link of links.filter(({ ifname }) => ifname !== name)) {
    for (const { local, prefixlen } of link.addr_info) {
      const wanted = addresses.find((address) => overlap(address, `${local}/${prefixlen}`))
      if (wanted === undefined) continue
      const [key, such] = wanted.includes(':') ? ['address6', 'fd00:55::1/64'] : ['address', '10.55.0.1/16']
      const message = `the network ${networkOf(wanted)} is taken: ${link.ifname} of the host has ${local}/${prefixlen}`
      throw new RapidoError('host', message, { hint: `choose another with network.${key}, such as "${such}"` })
    }
  }
}

function refuseForeignTap({ bridge, owner }: HostNetwork, link: HostLink | undefined): void {
  if (link === undefined) return
  const { ifname, master } = link
  if (!isOwnTap(link)) {
    throw new RapidoError(
      'host',
      `the host has an interface ${ifname} that rapido did not make (${kindOfLink(link)})`,
      {
        hint: `rename or remove it: \`sudo ip link delete ${ifname}\``,
      },
    )
  }
  if (master !== undefined && master !== bridge.name) {
    throw new RapidoError('host', `${ifname} is on the bridge ${master}`, {
      hint: `the taps can be on one bridge: \`sudo rapido net down --set network.bridge=${master}\` ends that one`,
    })
  }
  if (!belongsTo(link, owner)) {
    throw new RapidoError('host', `${ifname} is for VMs of ${userOf(link)}, not of ${owner.name}`, {
      hint: '`sudo rapido net down` first; network.tap_user says whose they shall be',
    })
  }
}

/** What was killed half-way left something without a mark; nobody else has use for the name. */
function unmarkedSteps(links: HostLink[]): HostStep[] {
  const isHalfMade = (link: HostLink) => !isOwn(link) && ['bridge', 'tun'].includes(kindOfLink(link))
  if (!links.some((link) => link.ifname === unmarkedName && isHalfMade(link))) return []
  return [{ what: `remove ${unmarkedName}`, ip: ['link', 'delete', 'dev', unmarkedName] }]
}

/** An interface gets its name and its mark at once: what has the name of ours and no mark was made by somebody else. */
function makeSteps(name: string, add: string[]): HostStep[] {
  return [
    { what: `make ${name}`, ip: add, undo: ['link', 'delete', 'dev', unmarkedName] },
    {
      what: `name ${name}`,
      ip: ['link', 'set', 'dev', unmarkedName, 'name', name, 'alias', ownAlias],
      undo: ['link', 'set', 'dev', name, 'name', unmarkedName],
    },
  ]
}

function bridgeSteps({ bridge, mac }: HostNetwork, link: HostLink | undefined): HostStep[] {
  const { name, addresses, mtu } = bridge
  const add = ['link', 'add', 'name', unmarkedName, 'address', mac, 'type', 'bridge', 'forward_delay', '0']
  const has = link === undefined ? [] : addressesOfLink(link)
  return [
    ...(link === undefined ? makeSteps(name, add) : []),
    ...mtuSteps(name, mtu, link),
    ...upSteps(name, link), // before its addresses: those of IPv6 go when it is switched off, which is how it is undone
    ...addresses.filter((address) => !has.includes(address)).map((address) => addressStep(name, address)),
  ]
}

function addressStep(name: string, address: string): HostStep {
  return {
    what: `give ${name} the address ${address}`,
    // Without a guest there is nobody to ask whether an IPv6 address is taken, and it would wait for one.
    ip: ['address', 'add', address, ...(address.includes(':') ? ['nodad'] : ['broadcast', '+']), 'dev', name],
    undo: ['address', 'delete', address, 'dev', name],
  }
}

function mtuSteps(name: string, mtu: number | undefined, link: HostLink | undefined): HostStep[] {
  if (mtu === undefined || link?.mtu === mtu) return []
  const set = (value: number) => ['link', 'set', 'dev', name, 'mtu', String(value)]
  return [{ what: `set the MTU of ${name}`, ip: set(mtu), ...(link ? { undo: set(link.mtu) } : {}) }]
}

function upSteps(name: string, link: HostLink | undefined): HostStep[] {
  if (link?.flags.includes('UP')) return []
  const set = (state: string) => ['link', 'set', 'dev', name, state]
  return [{ what: `switch ${name} on`, ip: set('up'), undo: set('down') }]
}

function tapSteps(name: string, { bridge, owner }: HostNetwork, link: HostLink | undefined): HostStep[] {
  const add = ['tuntap', 'add', 'dev', unmarkedName, 'mode', 'tap', 'user', String(owner.uid)]
  return [
    ...(link === undefined ? makeSteps(name, add) : []),
    ...mtuSteps(name, bridge.mtu, link),
    ...(link?.master === bridge.name ? [] : [portStep(name, bridge.name)]),
    ...upSteps(name, link),
  ]
}

function uplinkSteps({ uplink, bridge }: HostNetwork, find: (name: string) => HostLink | undefined): HostStep[] {
  if (uplink === undefined) return []
  const link = find(uplink)
  if (link?.master === bridge.name) return []
  const problem = uplinkProblem(link)
  if (problem === undefined) return [portStep(uplink, bridge.name)]
  throw new RapidoError('host', `network.uplink = "${uplink}": ${problem.what}`, { hint: problem.hint })
}

function uplinkProblem(link: HostLink | undefined): { what: string; hint: string } | undefined {
  if (link === undefined) return { what: 'the host has no such interface', hint: '`ip -brief link` lists what it has' }
  const { ifname, master } = link
  if (master !== undefined) {
    return { what: `it is a port of ${master} already`, hint: `\`sudo ip link set ${ifname} nomaster\` releases it` }
  }
  if (isOwn(link) || link.flags.includes('LOOPBACK')) {
    return { what: 'it leads nowhere', hint: 'name an interface with a network behind it' }
  }
  const [address] = addressesOfLink(link)
  if (address === undefined) return undefined
  // An address of a bridge's port does not answer: the host would lose what it uses that interface for.
  return {
    what: `it has the address ${address}, which would no longer work`,
    hint: `use an interface without one, or remove it: \`sudo ip address delete ${address} dev ${ifname}\``,
  }
}

function portStep(port: string, bridge: string): HostStep {
  return {
    what: `put ${port} on ${bridge}`,
    ip: ['link', 'set', 'dev', port, 'master', bridge],
    undo: releaseStep(port).ip,
  }
}

function releaseStep(port: string): HostStep {
  return { what: `release ${port}`, ip: ['link', 'set', 'dev', port, 'nomaster'] }
}
