import { setTimeout as delay } from 'node:timers/promises'
import type { CephFaultVerb } from '../config/ceph-fault-verbs.js'
import type { Fault } from '../config/fault-verbs.js'
import { RapidoError } from '../errors.js'
import { stateOf } from '../host/processes.js'
import { mdsNames } from '../plan/ceph-cluster.js'
import { type CephClient, CephSession } from './ask.js'
import { type Cluster, pidOf } from './cluster.js'
import { clientsAt, fence, instanceName } from './fence.js'
import { startDaemon } from './keeper.js'
import { activeMds, noteOsds, osdsUp, readNonces } from './usable.js'
import { expectDeath } from './watch.js'

export type CephFault = Extract<Fault, { verb: CephFaultVerb }>

/** What a fault of a cluster works on. */
export interface CephTarget {
  client: CephClient
  cluster: Cluster | undefined // the throwaway one, if it is that
  addresses: string[] | undefined // of the VM that it is done to
  fs: string | undefined // the file system; undefined: the first one
}

/** How long a daemon that is started gets, and what is told to the cluster gets to show. */
const effectMs = 60_000

/**
 * Does a fault to a cluster, and returns when it is seen to work. Throws RapidoError: 'usage' for what cannot be, 'host'
 * where nothing came of it.
 */
export async function applyCephFault(fault: CephFault, target: CephTarget): Promise<void> {
  switch (fault.verb) {
    case 'osd-kill':
      return kill(osdName(fault.osd, target), requireOwn(target), 'SIGKILL')
    case 'osd-stop':
      return kill(osdName(fault.osd, target), requireOwn(target), 'SIGSTOP')
    case 'osd-start':
      return startOsd(osdName(fault.osd, target), target)
    case 'mon-kill':
      return kill('mon.a', requireOwn(target), 'SIGKILL')
    case 'mon-start':
      return startMonitor(target)
    case 'mds-start':
      return startMds(fault.mds, target)
  }
  await using session = await CephSession.open(target.client)
  switch (fault.verb) {
    case 'mds-kill':
      return await kill(await mdsName(fault.mds, session, target), requireOwn(target), 'SIGKILL')
    case 'mds-fail':
      return await failMds(session, target)
    case 'osd-pause':
    case 'osd-unpause':
      return await pause(session, fault.verb === 'osd-pause')
    case 'client-blocklist':
      return await blocklist(session, target)
    case 'client-allow':
      return await allow(session, target)
    case 'client-evict':
      return await evict(session, target)
    case 'pool-quota':
      return await limitPool(session, fault)
  }
}

function requireOwn({ cluster }: CephTarget): Cluster {
  if (cluster) return cluster
  throw new RapidoError('usage', 'the daemons of an existing Ceph cluster are not ours to kill or to start', {
    hint: 'use the throwaway cluster: --set ceph.cluster=throwaway',
  })
}

function osdName(osd: number, target: CephTarget): string {
  const { plan } = requireOwn(target)
  if (osd < plan.osds) return `osd.${osd}`
  throw new RapidoError('usage', `the Ceph cluster has no OSD ${osd}`, { hint: `it has 0 to ${plan.osds - 1}` })
}

async function kill(name: string, { files }: Cluster, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
  const pid = pidOf(name, files)
  if (pid === undefined) throw nothingToDo(`${name} does not run`)
  if (signal === 'SIGSTOP' && isStopped(pid)) throw nothingToDo(`${name} is stopped already`)
  if (signal === 'SIGKILL') expectDeath(name, files)
  try {
    process.kill(pid, signal)
  } catch {
    throw nothingToDo(`${name} does not run`) // it has just ended
  }
  await until(`${name} ended, or stopped`, () =>
    signal === 'SIGKILL' ? pidOf(name, files) === undefined : isStopped(pid),
  )
}

async function startOsd(name: string, target: CephTarget): Promise<void> {
  const { files } = requireOwn(target)
  const nonces = readNonces(files)
  const pid = pidOf(name, files)
  if (pid === undefined) await startDaemon(name, files)
  else if (isStopped(pid)) process.kill(pid, 'SIGCONT')
  else throw nothingToDo(`${name} runs`)
  await using session = await CephSession.open(target.client)
  const restarted = pid === undefined ? [name] : []
  await until(`${name} up`, async () => (await osdsUp(session, { restarted, nonces })).includes(name))
  await noteOsds(session, files)
}

async function startMonitor(target: CephTarget): Promise<void> {
  const { files } = requireOwn(target)
  if (pidOf('mon.a', files) !== undefined) throw nothingToDo('mon.a runs')
  await startDaemon('mon.a', files)
  await using session = await CephSession.open(target.client)
  await session.json('mon', { prefix: 'fsid' }, { timeoutMs: effectMs })
}

async function startMds(wanted: string | undefined, target: CephTarget): Promise<void> {
  const { files, plan } = requireOwn(target)
  const all = mdsNames(plan.mds)
  const dead = (wanted === undefined ? all : [requireMds(wanted, all)]).filter(
    (name) => pidOf(name, files) === undefined,
  )
  if (dead.length === 0) throw nothingToDo(wanted === undefined ? 'all MDS run' : `mds.${wanted} runs`)
  for (const name of dead) await startDaemon(name, files)
  await using session = await CephSession.open(target.client)
  await until('an active MDS', async () => (await activeMds(session)).length > 0)
}

/** The name of an MDS daemon: "mds.a"; the active one where none is wanted. */
async function mdsName(wanted: string | undefined, session: CephSession, target: CephTarget): Promise<string> {
  const all = mdsNames(requireOwn(target).plan.mds)
  if (wanted !== undefined) return requireMds(wanted, all)
  const [active] = await activeMds(session, target.fs)
  if (active === undefined) throw nothingToDo('no MDS is active')
  return `mds.${active.name}`
}

function requireMds(wanted: string, all: string[]): string {
  if (all.includes(`mds.${wanted}`)) return `mds.${wanted}`
  throw new RapidoError('usage', `the Ceph cluster has no MDS "${wanted}"`, {
    hint: all.length === 0 ? 'it has none' : `it has ${all.map((name) => name.slice('mds.'.length)).join(', ')}`,
  })
}

async function failMds(session: CephSession, { fs }: CephTarget): Promise<void> {
  const [active] = await activeMds(session, fs)
  if (active === undefined) throw nothingToDo('no MDS is active')
  await session.json('mon', { prefix: 'mds fail', role_or_gid: String(active.gid) })
  await until(`mds.${active.name} without its rank`, async () =>
    (await activeMds(session, fs)).every(({ gid }) => gid !== active.gid),
  )
}

async function pause(session: CephSession, wanted: boolean): Promise<void> {
  const isPaused = async () => {
    const { flags } = await session.json<{ flags: string }>('mon', { prefix: 'osd dump' })
    return flags.split(',').includes('pauserd')
  }
  if ((await isPaused()) === wanted) throw nothingToDo(`the OSDs are ${wanted ? 'paused already' : 'not paused'}`)
  await session.json('mon', { prefix: wanted ? 'osd pause' : 'osd unpause' })
  await until(wanted ? 'the OSDs paused' : 'the OSDs going on', async () => (await isPaused()) === wanted)
}

function requireVm({ addresses }: CephTarget): (address: string) => boolean {
  if (addresses) return (address) => addresses.includes(address)
  throw new RapidoError('usage', 'whose clients? this fault is done to a VM', {
    hint: 'rapido fault VM client-blocklist',
  })
}

async function blocklist(session: CephSession, target: CephTarget): Promise<void> {
  const clients = await clientsAt(session, requireVm(target))
  const listed = await blocked(session)
  const open = clients.filter((client) => !listed.includes(instanceName(client)))
  if (open.length === 0) throw nothingToDo('the VM has no client in the cluster: nothing is mounted or mapped')
  await fence(session, open.map(instanceName))
  await until('its clients in the blocklist', async () => {
    const now = await blocked(session)
    return open.every((client) => now.includes(instanceName(client)))
  })
}

async function allow(session: CephSession, target: CephTarget): Promise<void> {
  const isTheirs = requireVm(target)
  const listed = (await blocked(session)).filter((name) =>
    isTheirs(name.replace(/:\d+\/\d+$/, '').replace(/^\[(.*)\]$/, '$1')),
  )
  if (listed.length === 0) throw nothingToDo('none of its clients is in the blocklist')
  for (const addr of listed) await session.json('mon', { prefix: 'osd blocklist', blocklistop: 'rm', addr })
}

/** "10.0.0.1:0/1234", each. Version 16 answers `osd blocklist ls` with no proper JSON. */
async function blocked(session: CephSession): Promise<string[]> {
  const { blocklist = {} } = await session.json<{ blocklist?: Record<string, string> }>('mon', { prefix: 'osd dump' })
  return Object.keys(blocklist)
}

async function evict(session: CephSession, target: CephTarget): Promise<void> {
  const isTheirs = requireVm(target)
  const clients = await clientsAt(session, isTheirs)
  const rank = target.fs === undefined ? 'mds.0' : (`mds.${target.fs}:0` as const)
  const sessionsOf = async () => {
    const all = await session.json<{ id: number }[]>(rank, { prefix: 'session ls' }, { timeoutMs: 10_000 })
    return all.filter(({ id }) => clients.some((client) => client.id === id))
  }
  const found = await sessionsOf()
  if (found.length === 0) throw nothingToDo('the VM has no session with the active MDS')
  for (const { id } of found) {
    await session.json(rank, { prefix: 'session evict', filters: [`id=${id}`] }, { timeoutMs: 30_000 })
  }
  await until('its sessions ended', async () =>
    (await sessionsOf()).every(({ id }) => found.every((old) => old.id !== id)),
  )
}

async function limitPool(session: CephSession, fault: Extract<CephFault, { verb: 'pool-quota' }>): Promise<void> {
  const bytes = (fault.size ?? 0) * 1024 * 1024
  const pools = await session.json<{ poolname: string }[]>('mon', { prefix: 'osd lspools' })
  const names = pools.map(({ poolname }) => poolname)
  if (!names.includes(fault.pool)) {
    throw new RapidoError('usage', `the Ceph cluster has no pool "${fault.pool}"`, {
      hint: `it has ${names.join(', ')}`,
    })
  }
  await session.json('mon', { prefix: 'osd pool set-quota', pool: fault.pool, field: 'max_bytes', val: String(bytes) })
  await until('the quota set', async () => {
    const { quota_max_bytes } = await session.json<{ quota_max_bytes: number }>('mon', {
      prefix: 'osd pool get-quota',
      pool: fault.pool,
    })
    return quota_max_bytes === bytes
  })
}

function isStopped(pid: number): boolean {
  return stateOf(pid) === 'T'
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + effectMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new RapidoError('host', `not seen within ${effectMs / 1000} s: ${what}`)
    await delay(50)
  }
}

function nothingToDo(what: string): RapidoError {
  return new RapidoError('usage', what)
}
