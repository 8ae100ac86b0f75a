import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { type PrivateNetworkStatus, privateNetworkStatus } from '../../runs/private-network.js'
import type { Io, Status } from '../io.js'
import { table } from '../table.js'

/** Tells what networks are up, and who is in them. */
export async function status(settings: Settings, { json }: { json: boolean }, io: Io): Promise<Status> {
  const network = await privateNetworkStatus(settings.paths.state)
  if (json) {
    io.stdout.write(`${JSON.stringify({ private: network ?? null }, undefined, 2)}\n`)
  } else if (network === undefined) {
    io.stderr.write('No network is up. One is made with the first VM whose profile has network = "bridge".\n')
  } else {
    io.stdout.write(text(network))
  }
  return exitStatus.success
}

function text({ bridge, keeper, vms, others }: PrivateNetworkStatus): string {
  const facts = [
    `private network: bridge ${bridge.name}, ${bridge.addresses.join(', ')}, MTU ${bridge.mtu ?? 1500}`,
    `namespace of process ${keeper}`,
  ]
  const rows = [
    ...vms.map(({ number, profile, addresses }) => [`vm${number}`, profile, addresses.join(' ')]),
    ...others.map(({ pid, command }) => [String(pid), command, '']),
  ]
  return `${facts.join('\n')}\n${rows.length === 0 ? '' : table(['MEMBER', 'WHAT', 'ADDRESSES'], rows)}`
}
