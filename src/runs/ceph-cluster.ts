import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { throwawayUser } from '../ceph/access.js'
import { CephSession } from '../ceph/ask.js'
import { type Cluster, type Daemon, daemonsOf, endCluster, readCluster, readKeeper } from '../ceph/cluster.js'
import type { ClusterNetwork } from '../ceph/keeper.js'
import { findClient } from '../ceph/programs.js'
import { type ClusterStart, ensureCluster, type Shape } from '../ceph/start-cluster.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { runInForeground } from '../host/foreground.js'
import { type HeldFolder, holdFolder } from '../host/hold.js'
import { residentMiB } from '../host/processes.js'
import { chooseNetwork } from '../network/choose.js'
import { enterNetwork, joinPrivateNetwork, readPrivateNetwork } from '../network/private.js'
import { cephArgv } from '../plan/ceph-cluster.js'
import { planBridge } from '../plan/network.js'
import { cephFiles, privateNetworkFiles } from '../plan/state-files.js'
import { processesOfNetwork } from './join-network.js'
import { readVmInfos } from './vm-info.js'

/** Sees to it that the throwaway cluster is up, and lasts until downCeph. */
export async function upCeph(
  settings: Settings,
  options: { shape: Shape; signal: AbortSignal; tell: (what: string) => void },
): Promise<{ cluster: Cluster; start: ClusterStart }> {
  const { signal } = options
  const member = await holdFolder(join(cephFiles(settings.paths.state).starters, String(process.pid)), {
    wait: true,
    signal,
  })
  if (member === undefined) throw new Error('a folder of our own is held by another')
  try {
    return await ensureCluster(settings, {
      ...options,
      member,
      keep: true,
      network: await joinIts(settings, { member, signal }),
    })
  } finally {
    await member.release()
  }
}

/** The network that a cluster is to be in, which is made where it is private. */
async function joinIts(
  settings: Settings,
  { member, signal }: { member: HeldFolder; signal: AbortSignal },
): Promise<ClusterNetwork> {
  const choice = await chooseNetwork('bridge', settings)
  if (choice.kind === 'bridge' && choice.home === 'host') return clusterNetwork(undefined)
  const stateDir = settings.paths.state
  const others = await processesOfNetwork(stateDir)
  const network = await joinPrivateNetwork(planBridge(settings), { stateDir, member, others, signal })
  return clusterNetwork({ stateDir, keeper: network.keeper })
}

/** As the cluster sees it: the private network of a state folder, or the host's own. */
export function clusterNetwork(network: { stateDir: string; keeper: number } | undefined): ClusterNetwork {
  const tcp = (pid: string) => [`/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`]
  if (network === undefined) return { folder: undefined, enter: [], tcp: tcp('self') }
  const { folder } = privateNetworkFiles(network.stateDir)
  return { folder, enter: enterNetwork(network), tcp: tcp(String(network.keeper)) }
}

/** The command that enters the network of a cluster that is up: that of its daemons. */
export function enterCluster(cluster: Cluster, stateDir: string): string[] {
  if (!existsSync(cluster.files.privately)) return []
  const daemon = daemonsOf(cluster).find(({ pid }) => pid !== undefined)?.pid
  const keeper = daemon ?? readPrivateNetwork(stateDir)?.keeper
  return keeper === undefined ? [] : enterNetwork({ keeper })
}

/** Ends the throwaway cluster. False: there was none. Throws RapidoError('usage') where VMs use it, unless `force`. */
export async function downCeph(stateDir: string, options: { keepData: boolean; force: boolean }): Promise<boolean> {
  const cluster = readCluster(stateDir)
  if (cluster === undefined) return await removeRemains(stateDir, options)
  const users = (await readVmInfos(stateDir)).filter(({ ceph }) => ceph === 'throwaway')
  if (users.length > 0 && !options.force) {
    const names = users.map(({ number, profile }) => `vm${number} (${profile})`)
    throw new RapidoError('usage', `the Ceph cluster is in use by ${names.join(', ')}`, {
      hint: '`rapido ceph down --force` ends it all the same, and with it what runs in them',
    })
  }
  await endCluster(cluster, options)
  return true
}

/** What a keeper that was killed has left: its daemons have died with it, their data has not. */
async function removeRemains(stateDir: string, options: { keepData: boolean }): Promise<boolean> {
  const files = cephFiles(stateDir)
  const keeper = readKeeper(files)
  if (keeper !== undefined) {
    await endCluster({ files, keeper }, options) // it is being made
    return true
  }
  if (options.keepData || !existsSync(files.folder)) return false
  const held = await holdFolder(files.folder, { wait: false })
  await held?.release()
  return held !== undefined
}

/** What is known of a cluster that is up. */
export interface CephStatus {
  fsid: string
  address: string
  ports: { v2: number; v1: number }
  conf: string // path
  keyring: string // path
  isKept: boolean // without VMs, too
  daemons: (Daemon & { residentMiB: number | undefined })[]
  vms: number[] // that use it
  health: string // "HEALTH_OK"; or why nobody answers
  checks: string[] // what is wrong, a line each
  fileSystems: string[]
  pools: string[]
}

export async function cephStatus(settings: Settings): Promise<CephStatus | undefined> {
  const stateDir = settings.paths.state
  const cluster = readCluster(stateDir)
  if (cluster === undefined) return undefined
  const { fsid, address, ports } = cluster.plan
  const daemons = daemonsOf(cluster).map((daemon) => ({
    ...daemon,
    residentMiB: daemon.pid === undefined ? undefined : residentMiB(daemon.pid),
  }))
  const vms = (await readVmInfos(stateDir)).filter(({ ceph }) => ceph === 'throwaway')
  const { conf, keyring } = cluster.files
  return {
    ...{ fsid, address, ports, conf, keyring, isKept: cluster.isKept, daemons },
    vms: vms.map(({ number }) => number),
    ...(await healthOf(cluster, settings)),
  }
}

async function healthOf(cluster: Cluster, settings: Settings) {
  const nothing = { checks: [], fileSystems: [], pools: [] }
  if (daemonsOf(cluster).some(({ name, pid }) => name === 'mon.a' && pid === undefined)) {
    return { health: 'the monitor does not run', ...nothing }
  }
  const { conf, keyring } = cluster.files
  const enter = enterCluster(cluster, settings.paths.state)
  await using session = await CephSession.open({
    programs: findClient(settings),
    enter,
    conf,
    user: throwawayUser,
    keyring,
  })
  interface Health {
    status: string
    checks: Record<string, { summary: { message: string }; muted: boolean }>
  }
  try {
    const ask = <T>(prefix: string) => session.json<T>('mon', { prefix }, { timeoutMs: 10_000 })
    const { status, checks } = await ask<Health>('health')
    const systems = await ask<{ name: string }[]>('fs ls')
    const pools = await ask<{ poolname: string }[]>('osd lspools')
    return {
      health: status,
      checks: Object.values(checks).flatMap(({ summary, muted }) => (muted ? [] : summary.message)),
      fileSystems: systems.map(({ name }) => name),
      pools: pools.map(({ poolname }) => poolname),
    }
  } catch (error) {
    if (!(error instanceof RapidoError)) throw error
    return { health: error.message, ...nothing }
  }
}

/** The throwaway cluster. Throws RapidoError('usage') where none is up. */
export function requireCluster(stateDir: string): Cluster {
  const cluster = readCluster(stateDir)
  if (cluster) return cluster
  throw new RapidoError('usage', 'no Ceph cluster is up', { hint: '`rapido ceph up` starts one' })
}

/** Variables that lead a program of Ceph to the cluster. */
export function cephEnvironment({ files }: Cluster): Record<string, string> {
  return { CEPH_CONF: files.conf, CEPH_KEYRING: files.keyring }
}

/** Runs a program on our terminal, in the network of the cluster and knowing of it. Returns its status. */
export async function runWithCeph(settings: Settings, [program = '', ...args]: string[]): Promise<number> {
  const cluster = requireCluster(settings.paths.state)
  const programs = findClient(settings)
  const { folder } = programs
  const isOwn = folder !== undefined && existsSync(join(folder, program)) // of ceph.src
  const words = isOwn ? cephArgv(programs, program, args) : [program, ...args]
  const env = Object.entries(cephEnvironment(cluster)).map(([name, value]) => `${name}=${value}`)
  const [file = '', ...rest] = [...enterCluster(cluster, settings.paths.state), 'env', ...env, ...words]
  return runInForeground(file, rest, { hint: 'nsenter is in the package util-linux' })
}
