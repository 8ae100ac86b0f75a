import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { packageFile } from '../host/package-root.js'
import { requireProgram } from '../host/require-program.js'
import { hostUplink } from '../plan/host-network.js'
import type { NetworkChoice } from '../plan/network.js'
import { fitsHostNetwork, requireHostNetwork } from './host-access.js'
import { tapProblem } from './namespaces.js'

/** The network of a profile, as this host can have it. Throws RapidoError for what is known to be in its way. */
export async function chooseNetwork(wanted: 'none' | 'user' | 'bridge', settings: Settings): Promise<NetworkChoice> {
  if (wanted !== 'bridge') return { kind: wanted }
  const problem = tapProblem()
  if (problem) throw problem
  if (settings.network.home === 'host') {
    hostUplink(settings)
    await requireHostNetwork(settings)
  }
  const home = settings.network.home ?? (await homeOf(settings))
  if (home === 'private') requirePrivate(settings)
  return { kind: 'bridge', home, tapUp: packageFile('src/network/tap-up.sh') }
}

/** Where the bridge is, if the settings leave it open. Only a private one has a way out by "nat". */
async function homeOf(settings: Settings): Promise<'private' | 'host'> {
  return settings.network.uplink !== 'nat' && (await fitsHostNetwork(settings)) ? 'host' : 'private'
}

/** Throws RapidoError for what a private network of these settings cannot have, or has not here. */
function requirePrivate({ network: { uplink, dhcp_range } }: Settings): void {
  for (const program of ['ip', 'unshare', 'nsenter']) requireProgram(program)
  if (dhcp_range !== undefined) requireProgram('dnsmasq')
  if (uplink === 'nat') requireProgram('slirp4netns')
  if (uplink === undefined || uplink === 'nat') return
  throw new RapidoError('usage', `network.uplink = "${uplink}": a private network has no interface of the host`, {
    hint: '`sudo rapido net up` makes the bridge on the host, with that interface on it; from a private one, use "nat"',
  })
}
