import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../errors.js'
import { startDetached } from '../host/detached.js'
import type { HeldFolder } from '../host/hold.js'
import { packageFile } from '../host/package-root.js'
import { commandLineOf, networkNamespaceOf } from '../host/processes.js'
import { requireProgram } from '../host/require-program.js'
import { writeAtomic } from '../host/write.js'
import { bridgeCommands } from '../plan/bridge-commands.js'
import { dnsmasqArgs } from '../plan/dnsmasq-args.js'
import type { BridgePlan } from '../plan/network.js'
import { privateNetworkFiles } from '../plan/state-files.js'
import { whyNoNamespace } from './namespaces.js'
import { startUplink } from './uplink.js'

/** A private network that is up: a namespace with a bridge in it, owned by this user. */
export interface PrivateNetwork {
  keeper: number // process id: its namespaces are the network's
  bridge: BridgePlan
}

/**
 * Makes the holder of `member` a member of this user's private network, which is made if there is none: it lasts until
 * its last member has ended, however that ends. `others` are processes that may still be in it should its keeper have
 * been killed. Throws RapidoError: 'host' where namespaces cannot be had, 'usage' where it is up with other settings.
 */
export async function joinPrivateNetwork(
  bridge: BridgePlan,
  options: { stateDir: string; member: HeldFolder; others: number[]; signal?: AbortSignal | undefined },
): Promise<PrivateNetwork> {
  const { stateDir, member, others, signal } = options
  const files = privateNetworkFiles(stateDir)
  const deadline = performance.now() + startMs
  for (;;) {
    signal?.throwIfAborted()
    const joined = await member.join(files.folder)
    const found = joined ? readPrivateNetwork(stateDir) : undefined
    if (found) return requireSame(found, bridge)
    const keeper = await startKeeper(bridge, { folder: files.folder, inside: survivorOf(files, others) })
    if (keeper === 'taken') {
      // Somebody else makes it just now, or has just ended it.
      if (performance.now() > deadline) throw new RapidoError('host', `${files.folder} is locked, but no network is up`)
      await delay(20)
      continue
    }
    try {
      const { uplink } = bridge
      if (uplink) await startUplink({ ...bridge, uplink }, enteredBy(files))
      await writeAtomic(files.bridge, JSON.stringify(bridge))
      if (!(await member.join(files.folder))) throw new Error('a network that was just made is gone')
      return { bridge, keeper: keeperOf(files) }
    } finally {
      keeper.letGo() // from here on it lasts as long as its members
    }
  }
}

/** What another rapido gets to make the network that we wait for: it takes milliseconds. */
const startMs = 10_000

/** The private network of this user, if it is up. */
export function readPrivateNetwork(stateDir: string): PrivateNetwork | undefined {
  const files = privateNetworkFiles(stateDir)
  try {
    const keeper = keeperOf(files)
    if (!commandLineOf(keeper).includes(files.folder)) return undefined // killed; its number may be another's by now
    return { keeper, bridge: JSON.parse(readFileSync(files.bridge, 'utf8')) }
  } catch {
    return undefined
  }
}

/** The words that a command line begins with to run in a private network. */
export function enterNetwork({ keeper }: Pick<PrivateNetwork, 'keeper'>): string[] {
  const namespaces = `/proc/${keeper}/ns`
  const own = readlinkSync('/proc/self/ns/user') === readlinkSync(`${namespaces}/user`)
  const user = own ? [] : ['--preserve-credentials', `--user=${namespaces}/user`]
  return ['nsenter', ...user, `--net=${namespaces}/net`, '--']
}

function enteredBy(files: ReturnType<typeof privateNetworkFiles>) {
  const keeper = keeperOf(files)
  return { keeper, files, enter: enterNetwork({ keeper }) }
}

function keeperOf({ keeper }: ReturnType<typeof privateNetworkFiles>): number {
  return Number(readFileSync(keeper, 'utf8'))
}

function requireSame(network: PrivateNetwork, wanted: BridgePlan): PrivateNetwork {
  const is = network.bridge
  if (JSON.stringify(is) === JSON.stringify(wanted)) return network
  const shown = ({ name, addresses, mtu }: BridgePlan) => `${name}, ${addresses.join(', ')}, MTU ${mtu ?? 1500}`
  throw new RapidoError('usage', `your private network is up with other settings: ${shown(is)}; not ${shown(wanted)}`, {
    hint: '`rapido net down` ends it, and `rapido net down --force` the VMs on it, too',
  })
}

/** Where a keeper was killed, VMs of its network go on: one that is in the namespace that was the network's. */
function survivorOf(files: ReturnType<typeof privateNetworkFiles>, others: number[]): number | undefined {
  const namespace = quietly(() => readFileSync(files.namespace, 'utf8'))
  return others.find((pid) => namespace !== undefined && networkNamespaceOf(pid) === namespace)
}

async function startKeeper(
  bridge: BridgePlan,
  { folder, inside }: { folder: string; inside: number | undefined },
): Promise<{ letGo(): void } | 'taken'> {
  const asRoot = process.geteuid?.() === 0
  const unshare = ['unshare', ...(asRoot ? [] : ['--user', '--map-root-user']), '--net', '--']
  const enter = inside === undefined ? unshare : enterNetwork({ keeper: inside })
  const commands = inside === undefined ? bridgeCommands(bridge, { ipv6: existsSync('/proc/net/if_inet6') }) : []
  const script = ['bash', packageFile('src/network/keep-network.sh'), folder, ...serverOf(bridge, folder)]
  // What unshare has to say against it is an answer, too.
  const keeper = await startDetached(['sh', '-c', 'exec "$@" 2>&1', 'sh', ...enter, ...script], {
    env: { ...process.env, LC_ALL: 'C' }, // bash complains of a locale that there is none of
    input: [...commands, 'end', ''].join('\n'),
  })
  let answer = ''
  for await (const line of keeper.lines) {
    answer = line
    break
  }
  if (answer === 'up') return keeper
  keeper.letGo()
  if (answer === 'taken') return 'taken'
  throw whyNoNamespace(answer.replace(/^failed /, ''))
}

/** The DHCP server of a private network. It stays root there, where that is nobody in particular. */
function serverOf({ name, dhcp: range }: BridgePlan, folder: string): string[] {
  if (range === undefined) return []
  const files = { pid: join(folder, 'dnsmasq.pid'), leases: join(folder, 'dnsmasq.leases') }
  const args = dnsmasqArgs({ bridge: name, range }, files, 'root')
  return [requireProgram('dnsmasq'), '--keep-in-foreground', ...args]
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
