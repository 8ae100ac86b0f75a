import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { isAnythingUp } from '../../network/host-network.js'
import { endHostNetwork } from '../../runs/end-host-network.js'
import { downPrivateNetwork } from '../../runs/private-network.js'
import type { NetOptions } from '../commands/net.js'
import type { Io, Status } from '../io.js'

/** `rapido net down`: takes away this user's private network, and the bridge on the host; nothing there is fine. */
export async function down(settings: Settings, { force, verbose }: NetOptions, io: Io): Promise<Status> {
  const { bridge } = settings.network
  const privateWasUp = await downPrivateNetwork(settings.paths.state, { force })
  if (privateWasUp) io.stderr.write('rapido: the private network is down\n')
  if (!(await isAnythingUp(bridge))) {
    if (!privateWasUp) io.stderr.write('rapido: no network is up\n')
    return exitStatus.success
  }
  if (privateWasUp && process.geteuid?.() !== 0) {
    io.stderr.write(`rapido: the bridge ${bridge} of the host is up still; that takes \`sudo rapido net down\`\n`)
    return exitStatus.success
  }
  const done = (what: string) => {
    if (verbose) io.stderr.write(`${what}\n`)
  }
  await endHostNetwork(settings, { force, signal: io.signal, done })
  io.stderr.write(`rapido: the bridge ${bridge} of the host is down\n`)
  return exitStatus.success
}
