import type { BridgePlan } from './network.js'

/**
 * The MAC address of a bridge. Left to itself it has that of a port, and another one whenever ports come and go: what
 * the guests know of their neighbour is wrong then.
 */
export const bridgeMac = '02:72:70:ff:ff:ff'

/** Lines for `ip -batch` that make the bridge in a namespace of its own. Without IPv6, only its other address. */
export function bridgeCommands(bridge: BridgePlan, { ipv6 }: { ipv6: boolean }): string[] {
  const { name, mtu } = bridge
  const addresses = bridge.addresses.filter((address) => ipv6 || !address.includes(':'))
  return [
    'link set dev lo up',
    `link add name ${name} address ${bridgeMac} ${mtu === undefined ? '' : `mtu ${mtu} `}type bridge forward_delay 0`,
    // Nobody else is there to have the address, and without a guest there is nobody to ask.
    ...addresses.map((address) => `addr add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    `link set dev ${name} up`,
  ]
}
