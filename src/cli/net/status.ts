import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { type HostNetworkState, readHostNetwork } from '../../network/host-state.js'
import type { BridgePlan } from '../../plan/network.js'
import { type PrivateNetworkStatus, privateNetworkStatus } from '../../runs/private-network.js'
import type { NetOptions } from '../commands/net.js'
import type { Io, Status } from '../io.js'
import { table } from '../table.js'

/** Tells what networks are up, and who is in them. */
export async function status(settings: Settings, { json }: NetOptions, io: Io): Promise<Status> {
  const host = await readHostNetwork(settings.network.bridge)
  const own = await privateNetworkStatus(settings.paths.state)
  if (json) {
    io.stdout.write(`${JSON.stringify({ host: host ?? null, private: own ?? null }, undefined, 2)}\n`)
  } else if (host === undefined && own === undefined) {
    io.stderr.write('No network is up. One is made with the first VM whose profile has network = "bridge".\n')
  } else {
    io.stdout.write([...(host ? [hostText(host)] : []), ...(own ? [privateText(own)] : [])].join('\n'))
  }
  return exitStatus.success
}

function hostText({ bridge, isUp, taps, uplinks, dhcp }: HostNetworkState): string {
  const facts = [
    `network of the host: ${bridgeText(bridge)}${isUp ? '' : ', switched off'}`,
    ...uplinks.map((uplink) => `uplink ${uplink}`),
    ...(dhcp ? [`DHCP for ${dhcp.range}, by process ${dhcp.pid}`] : []),
  ]
  const rows = taps.map(({ name, vm, user, inUse }) => [name, `vm${vm} of ${user}`, inUse ? 'yes' : 'no'])
  return `${facts.join('\n')}\n${rows.length === 0 ? '' : table(['TAP', 'FOR', 'IN USE'], rows)}`
}

function privateText({ bridge, keeper, vms, others }: PrivateNetworkStatus): string {
  const facts = [`private network: ${bridgeText(bridge)}`, `namespace of process ${keeper}`]
  const rows = [
    ...vms.map(({ number, profile, addresses }) => [`vm${number}`, profile, addresses.join(' ')]),
    ...others.map(({ pid, command }) => [String(pid), command, '']),
  ]
  return `${facts.join('\n')}\n${rows.length === 0 ? '' : table(['MEMBER', 'WHAT', 'ADDRESSES'], rows)}`
}

function bridgeText({ name, addresses, mtu }: BridgePlan): string {
  return `bridge ${name}, ${addresses.join(', ')}, MTU ${mtu ?? 1500}`
}
