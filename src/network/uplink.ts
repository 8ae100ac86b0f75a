import { readFileSync } from 'node:fs'
import { RapidoError } from '../errors.js'
import { startDetached } from '../host/detached.js'
import { requireProgram } from '../host/require-program.js'
import { run } from '../host/run.js'
import type { BridgePlan, UplinkPlan } from '../plan/network.js'
import type { privateNetworkFiles } from '../plan/state-files.js'

/** The interface of slirp4netns on the bridge. */
const link = 'slirp0'

/**
 * Gives a private network its way out: slirp4netns, which needs no right but its user's, on the bridge. It ends with
 * the keeper. `enter` is the command that enters the network. Throws RapidoError('host').
 */
export async function startUplink(
  { name, mtu, uplink }: BridgePlan & { uplink: UplinkPlan },
  network: { keeper: number; enter: string[]; files: ReturnType<typeof privateNetworkFiles> },
): Promise<void> {
  const { keeper, enter, files } = network
  const program = requireProgram('slirp4netns')
  // The host's own 127.0.0.1 is none of the guests' business.
  const args = ['--disable-host-loopback', `--cidr=${uplink.network}`, `--mtu=${mtu ?? 1500}`]
  const fds = ['--exit-fd=3', '--ready-fd=1']
  const script = 'exec 3<"$1" 2>"$2"; shift 2; exec "$@"'
  const argv = [
    'bash',
    '--norc',
    '-c',
    script,
    'bash',
    files.alive,
    files.uplinkErrors,
    program,
    ...args,
    ...fds,
    String(keeper),
    link,
  ]
  const slirp = await startDetached(argv, { env: process.env, input: '' })
  let isReady = false
  for await (const line of slirp.lines) isReady ||= line === '1'
  slirp.letGo()
  if (!isReady)
    throw new RapidoError('host', `slirp4netns does not run: ${readFileSync(files.uplinkErrors, 'utf8').trim()}`)
  const [file = '', ...words] = [...enter, 'ip', 'link', 'set', 'dev', link, 'master', name, 'up']
  const { status, stderr } = await run(file, words)
  if (status !== 0) throw new RapidoError('host', `cannot put the uplink on the bridge: ${stderr.trim()}`)
}
