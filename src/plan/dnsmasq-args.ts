import { bareAddress, overlap } from '../config/addresses.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'

/** A DHCP server on a bridge. */
export interface DhcpPlan {
  bridge: string
  range: string // "192.168.155.200,192.168.155.250"
}

/** The DHCP server of the settings, if they want one. Throws RapidoError('usage') for a range outside of the network. */
export function planDhcp({ network }: Settings): DhcpPlan | undefined {
  const { dhcp_range: range, address, bridge } = network
  if (range === undefined) return undefined
  const outside = range.split(',').find((end) => !overlap(`${end}/32`, address))
  if (outside === undefined) return { bridge, range }
  throw new RapidoError('usage', `network.dhcp_range = "${range}": ${outside} is not in the network of ${address}`, {
    hint: `use addresses of the network that ${bareAddress(address)} is in, or change network.address`,
  })
}

/**
 * Arguments of dnsmasq, which goes to the background once it serves. `user` is who it becomes: its own choice if undefined;
 * "root" in a user namespace that has no other.
 */
export function dnsmasqArgs(
  { bridge, range }: DhcpPlan,
  files: { pid: string; leases: string },
  user: 'root' | undefined,
): string[] {
  return [
    '--conf-file=/dev/null', // not the host's own
    '--port=0', // no DNS
    '--bind-interfaces', // beside a dnsmasq of somebody else
    `--interface=${bridge}`,
    '--except-interface=lo',
    `--dhcp-range=${range},1h`,
    '--dhcp-option=option:router', // the host is none
    `--dhcp-leasefile=${files.leases}`,
    `--pid-file=${files.pid}`,
    ...(user === undefined ? [] : [`--user=${user}`, '--group=']), // none: it may not leave its groups, either
  ]
}

/** The range that a dnsmasq with these arguments gives away. */
export function rangeOf(args: string[]): string | undefined {
  return args.map((arg) => arg.match(/^--dhcp-range=(.*),1h$/)?.[1]).find((range) => range !== undefined)
}
