/** An interface of the host, as `ip -json -details address show` has it. */
export interface HostLink {
  ifname: string
  flags: string[]
  mtu: number
  master?: string // the bridge that it is a port of
  ifalias?: string
  linkinfo?: { info_kind?: string; info_data?: { user?: string | number } } // a tap's owner: a name, where it has one
  addr_info: { local: string; prefixlen: number; scope: string }[]
}

/** A user, as taps name their owner: by name, or by number where the host knows none. */
export interface TapOwner {
  name: string
  uid: number
}

/** The alias of every interface that rapido makes on the host. */
export const ownAlias = 'rapido'

/** What an interface is called from its making to its alias, which come one after the other. */
export const unmarkedName = 'rapido-unnamed'

export function isOwn(link: HostLink): boolean {
  return link.ifalias === ownAlias
}

export function kindOfLink(link: HostLink): string {
  return link.linkinfo?.info_kind ?? (link.flags.includes('LOOPBACK') ? 'loopback' : 'physical')
}

export function isOwnTap(link: HostLink): boolean {
  return isOwn(link) && kindOfLink(link) === 'tun'
}

/** The user who may open a tap; without one, only root. */
export function userOf(tap: HostLink): string | number {
  return tap.linkinfo?.info_data?.user ?? 'root'
}

export function belongsTo(tap: HostLink, owner: TapOwner): boolean {
  const user = userOf(tap)
  return user === owner.name || user === owner.uid
}

/** Whether a program has a tap open: it has a carrier then. */
export function isInUse(tap: HostLink): boolean {
  return tap.flags.includes('LOWER_UP')
}

/** Those that others can reach, each with the length of its network. */
export function addressesOfLink(link: HostLink): string[] {
  return link.addr_info.filter(({ scope }) => scope === 'global').map(({ local, prefixlen }) => `${local}/${prefixlen}`)
}

/** What is on a bridge, in the order of the host. */
export function portsOf(bridge: string, links: HostLink[]): HostLink[] {
  return links.filter(({ master }) => master === bridge)
}
