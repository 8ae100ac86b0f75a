import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { raiseHostNetwork } from '../../network/host-network.js'
import type { NetOptions } from '../commands/net.js'
import type { Io, Status } from '../io.js'

/** `rapido net up`: the bridge on the host. A private network is made by the first VM on it. */
export async function up(settings: Settings, { verbose }: NetOptions, io: Io): Promise<Status> {
  let steps = 0
  const done = (what: string) => {
    steps++
    if (verbose) io.stderr.write(`${what}\n`)
  }
  const { bridge, taps, owner } = await raiseHostNetwork(settings, {
    caller: io.env.SUDO_USER,
    signal: io.signal,
    done,
  })
  const state = steps === 0 ? 'was up already' : 'is up'
  const whatThereIs = `${bridge.addresses.join(', ')}; taps for VMs of ${owner.name}: ${taps.length}`
  io.stderr.write(`rapido: the bridge ${bridge.name} ${state}: ${whatThereIs}\n`)
  return exitStatus.success
}
