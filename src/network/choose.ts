import type { Settings } from '../config/schema.js'
import { packageFile } from '../host/package-root.js'
import type { NetworkChoice } from '../plan/network.js'
import { privateNetworkProblem } from './namespaces.js'

/** The network of a profile, as this host can have it. Throws RapidoError('host') for what is known to be in its way. */
export function chooseNetwork(wanted: 'none' | 'user' | 'bridge', settings: Settings): NetworkChoice {
  if (wanted !== 'bridge') return { kind: wanted }
  const home = settings.network.home ?? 'private'
  const problem = home === 'private' ? privateNetworkProblem() : undefined
  if (problem) throw problem
  return { kind: 'bridge', home, tapUp: packageFile('src/network/tap-up.sh') }
}
