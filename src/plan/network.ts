import { bareAddress, inLaterNetwork, networkOf, nthAddress } from '../config/addresses.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { planDhcp } from './dnsmasq-args.js'
import { hostName } from './guest-env.js'

/** How a VM reaches others. */
export type NetworkPlan =
  | { kind: 'none' }
  | { kind: 'user'; nics: [NicPlan]; forwards: string[]; routes: string[] } // QEMU's own: the guest alone with its host
  | {
      kind: 'bridge'
      home: 'private' | 'host'
      bridge: BridgePlan
      nics: NicPlan[]
      tap: { script: string | undefined }
    }

/** A network card of a guest. */
export interface NicPlan {
  id: string // in QEMU: nic0
  tap: string // the host's end: rapido1.0
  mac: string
  addresses: string[] // each with the length of its network
  mtu: number | undefined
}

/** The host's side of a network of VMs. */
export interface BridgePlan {
  name: string
  addresses: string[] // of the host, each with the length of its network
  mtu: number | undefined
  uplink?: UplinkPlan | undefined // of a private network
  dhcp?: string | undefined // the range that is given away
}

/** The way out of a private network: slirp4netns, as a program of this user, is a neighbour of the guests. */
export interface UplinkPlan {
  network: string // "192.168.155.0/24": it takes the second and third address of it
  gateway: string
  nameServer: string
}

/** How a profile wants it, and where the bridge is; `tapUp` is the script that puts a tap on a private bridge. */
export type NetworkChoice = { kind: 'none' | 'user' } | { kind: 'bridge'; home: 'private' | 'host'; tapUp: string }

/** The network of VM `number`. Throws RapidoError('usage') where the settings leave it without an address. */
export function planNetwork(choice: NetworkChoice, settings: Settings, number: number): NetworkPlan {
  const { kind } = choice
  switch (kind) {
    case 'none':
      return { kind }
    case 'user':
      return { kind, nics: [userNic(number)], forwards: settings.network.forwards, routes: ['10.0.2.2', 'fec0::2'] }
    case 'bridge':
      requireDistinct(settings)
      return {
        kind,
        home: choice.home,
        bridge: planBridge(settings),
        nics: planNics(settings, number),
        tap: { script: choice.home === 'private' ? choice.tapUp : undefined },
      }
  }
}

/**
 * Throws RapidoError('usage') where two of those that every guest knows would have the same address, or two overridden
 * cards the same MAC.
 */
function requireDistinct(settings: Settings): void {
  const { network } = settings
  const owners = new Map<string, string>(
    [network.address, network.address6].map((own) => [bareAddress(own), 'the host']),
  )
  const claim = (what: string, owner: string) => {
    const other = owners.get(what)
    if (other === undefined) return void owners.set(what, owner)
    throw new RapidoError('usage', `${owner} and ${other} have the same address: ${what}`, {
      hint: 'change network.vm, or network.address',
    })
  }
  const overridden = Object.keys(network.vm).map(Number)
  for (const number of [...overridden, ...namedVms.filter((vm) => !overridden.includes(vm))]) {
    for (const address of addressesOfVm(settings, number)) claim(bareAddress(address), `vm${number}`)
    const macs = [network.vm[number], ...(network.vm[number]?.nic ?? [])].flatMap(
      (nic) => nic?.mac?.toLowerCase() ?? [],
    )
    for (const mac of macs) claim(mac, `vm${number}`)
  }
}

/** The VMs that every guest knows by name from the start, whichever of them run. */
export const namedVms = Array.from({ length: 100 }, (_, index) => index + 1)

/** The addresses of the first card of a VM, as far as the network has them. */
export function addressesOfVm({ network }: Settings, number: number): string[] {
  const own = network.vm[number]
  return [
    own?.address ?? nthAddress(network.address, 100 + number),
    own?.address6 ?? nthAddress(network.address6, 0x100 + number),
  ].filter((address) => address !== undefined)
}

export function planBridge(settings: Settings): BridgePlan {
  const { network } = settings
  const { bridge: name, address, address6, mtu } = network
  const dhcp = planDhcp(settings)
  if (dhcp && network.uplink === 'nat') {
    throw new RapidoError('usage', 'network.dhcp_range does not go with network.uplink = "nat"', {
      hint: 'slirp4netns, the way out, answers DHCP itself: leave network.dhcp_range out',
    })
  }
  const uplink = network.uplink === 'nat' ? { uplink: planUplink(address) } : {}
  return { name, addresses: [address, address6], mtu, ...uplink, ...(dhcp ? { dhcp: dhcp.range } : {}) }
}

function planUplink(address: string): UplinkPlan {
  const nth = (n: number) => bareAddress(nthAddress(address, n) ?? address)
  return { network: networkOf(address), gateway: nth(2), nameServer: nth(3) }
}

/** QEMU's user-mode network gives no choice: it has 10.0.2.0/24, and fec0::/64. */
function userNic(number: number): NicPlan {
  return { id: 'nic0', tap: '', mac: macOf(number, 0), addresses: ['10.0.2.15/24', 'fec0::15/64'], mtu: undefined }
}

function planNics(settings: Settings, number: number): NicPlan[] {
  const { vm, mtu } = settings.network
  const own = vm[number]
  const first = {
    ...own,
    address: own?.address ?? address4(settings, number),
    address6: own?.address6 ?? address6(settings, number),
  }
  const later = Array.from({ length: nicsOf(settings, number) - 1 }, (_, index) => {
    return own?.nic[index] ?? inLater(first, index + 1)
  })
  return [first, ...later].map((nic, index) => ({
    id: `nic${index}`,
    tap: tapName(number, index),
    mac: nic.mac ?? macOf(number, index),
    addresses: [nic.address, nic.address6].filter((address) => address !== undefined),
    mtu,
  }))
}

type NicOfSettings = NonNullable<Settings['network']['vm'][string]>['nic'][number]

/** Where a further NIC is, unless network.vm says: routes go by network, so that each NIC is a way of its own. */
function inLater({ address, address6 }: { address: string; address6: string }, index: number): NicOfSettings {
  return { address: inLaterNetwork(address, index), address6: inLaterNetwork(address6, index) }
}

/** How many NICs a VM has on the bridge. */
function nicsOf({ network }: Settings, number: number): number {
  return Math.max(network.nics, 1 + (network.vm[number]?.nic.length ?? 0))
}

/** At most 15 characters, which is what Linux gives an interface's name. */
export function tapName(number: number, index: number): string {
  return `rapido${number}.${index}`
}

/** The taps of a VM, one for each of its NICs. */
export function tapsOf(settings: Settings, number: number): string[] {
  return Array.from({ length: nicsOf(settings, number) }, (_, index) => tapName(number, index))
}

/** Whose tap it is by its name: the number of the VM. */
export function vmOfTap(name: string): number | undefined {
  const number = name.match(/^rapido(\d+)\.\d+$/)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** Locally administered (02), "rp", then the numbers of the NIC and of the VM. */
function macOf(number: number, index: number): string {
  return [0x02, 0x72, 0x70, index, number >> 8, number & 0xff]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(':')
}

function address4({ network }: Settings, number: number): string {
  return nthAddress(network.address, 100 + number) ?? noAddress('network.address', network.address, number)
}

/** 0x100: VM 12 ends in ::10c, clear of the addresses that people give by hand. */
function address6({ network }: Settings, number: number): string {
  return nthAddress(network.address6, 0x100 + number) ?? noAddress('network.address6', network.address6, number)
}

function noAddress(key: string, network: string, number: number): never {
  throw new RapidoError('usage', `${key} = "${network}" has no address for vm${number}`, {
    hint: `use a larger network, such as ${key === 'network.address' ? '"10.55.0.1/16"' : '"fd00:55::1/64"'}, or set network.vm.${number}`,
  })
}

/** The host name of a VM. */
export function hostNameOf(settings: Settings, number: number): string {
  return settings.network.vm[number]?.hostname ?? hostName(number)
}

/** As `rapido ps` names it. */
export function networkName(plan: NetworkPlan): 'none' | 'user' | 'private' | 'host' {
  return plan.kind === 'bridge' ? plan.home : plan.kind
}

/** Every address of a guest, bare. */
export function addressesOf(plan: NetworkPlan): string[] {
  return plan.kind === 'none' ? [] : plan.nics.flatMap(({ addresses }) => addresses.map(bareAddress))
}
