import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { daemonsOf, endCluster, readCluster } from '../ceph/cluster.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { runInForeground } from '../host/foreground.js'
import { holdFolder } from '../host/hold.js'
import { type FoundProcess, processesInNetworkOf } from '../host/processes.js'
import { tapProblem } from '../network/namespaces.js'
import { enterNetwork, joinPrivateNetwork, readPrivateNetwork } from '../network/private.js'
import { type BridgePlan, planBridge } from '../plan/network.js'
import { privateNetworkFiles } from '../plan/state-files.js'
import { processesOfNetwork } from './join-network.js'
import { RemoteVm } from './remote.js'
import { readVmInfos, type VmInfo } from './vm-info.js'

/** A user's private network, and who is in it. */
export interface PrivateNetworkStatus {
  bridge: BridgePlan
  keeper: number // process id
  vms: VmInfo[]
  others: FoundProcess[] // of `rapido net exec`, and what it left running
}

/** The private network of a state folder, if it is up. */
export async function privateNetworkStatus(stateDir: string): Promise<PrivateNetworkStatus | undefined> {
  const network = readPrivateNetwork(stateDir)
  if (network === undefined) return undefined
  const vms = (await readVmInfos(stateDir)).filter((vm) => vm.network === 'private')
  const machines = new Set(vms.map(({ qemuPid }) => qemuPid))
  const cluster = readCluster(stateDir)
  const daemons = new Set(cluster ? daemonsOf(cluster).map(({ pid }) => pid) : [])
  const others = processesInNetworkOf(network.keeper).filter(({ pid }) => !machines.has(pid) && !daemons.has(pid))
  return { ...network, vms, others }
}

/**
 * Runs a program on our terminal and in the private network, which is made where there is none, and lasts at least as
 * long. Returns the program's status.
 */
export async function runInPrivateNetwork(
  settings: Settings,
  [file = '', ...args]: string[],
  { signal }: { signal: AbortSignal },
): Promise<number> {
  const problem = tapProblem()
  if (problem) throw problem
  const stateDir = settings.paths.state
  const member = await holdFolder(join(privateNetworkFiles(stateDir).guests, String(process.pid)), {
    wait: true,
    signal,
  })
  if (member === undefined) throw new Error('a folder of our own is held by another')
  try {
    const others = await processesOfNetwork(stateDir)
    const network = await joinPrivateNetwork(planBridge(settings), { stateDir, member, others, signal })
    const [enter = '', ...words] = enterNetwork(network)
    return await runInForeground(enter, [...words, file, ...args], { hint: 'nsenter is in the package util-linux' })
  } finally {
    await member.release()
  }
}

/**
 * Takes the private network down; nothing is done where there is none. Throws RapidoError('usage') that names who is
 * still in it, unless `force`: then VMs are stopped and other programs ended first.
 */
export async function downPrivateNetwork(stateDir: string, { force }: { force: boolean }): Promise<boolean> {
  const status = await privateNetworkStatus(stateDir)
  if (status === undefined) return false
  const { vms, others } = status
  const cluster = readCluster(stateDir)
  const names = [
    ...(cluster ? ['the Ceph cluster (`rapido ceph down`)'] : []),
    ...vms.map(({ number, profile }) => `vm${number} (${profile})`),
    ...others.map(({ pid, command }) => `${pid} (${command})`),
  ]
  if (names.length > 0 && !force) {
    throw new RapidoError('usage', `the private network is in use by ${names.join(', ')}`, {
      hint: '`rapido net down --force` stops them first',
    })
  }
  await Promise.all(vms.map((vm) => new RemoteVm(stateDir, vm).stop()))
  const left = readCluster(stateDir) // it may have gone with the last VM
  if (left) await endCluster(left, { keepData: false })
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    for (const { pid } of processesInNetworkOf(status.keeper)) kill(pid, name)
    if (await isGone(stateDir, { withinMs: 2000 })) return true
  }
  throw new RapidoError('host', `the private network does not end: its keeper (pid ${status.keeper}) still runs`)
}

async function isGone(stateDir: string, { withinMs }: { withinMs: number }): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (readPrivateNetwork(stateDir) !== undefined) {
    if (performance.now() > deadline) return false
    await delay(20)
  }
  return true
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {} // it has just ended
}
