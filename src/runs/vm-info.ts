import { readdir, readFile } from 'node:fs/promises'
import { RapidoError } from '../errors.js'
import { vmFiles, vmsFolder } from '../plan/state-files.js'

/** A VM that runs, as `rapido ps --json` prints it. */
export interface VmInfo {
  number: number
  state: 'booting' | 'ready'
  profile: string
  kernel: string // release
  pid: number // of the rapido that supervises it
  qemuPid: number | undefined // until it is started
  startedAt: string // ISO 8601
  consoleLog: string
  vmlinux: string | undefined // for gdb
  gdb: string | undefined // socket of the gdb stub
  network: 'none' | 'user' | 'private' | 'host'
  ceph: 'throwaway' | 'existing' | undefined // the cluster it uses
  addresses: string[] // of the guest, without the length of their networks
}

/** All VMs that run under this state folder, by number. */
export async function readVmInfos(stateDir: string): Promise<VmInfo[]> {
  const names = await readdir(vmsFolder(stateDir)).catch(() => [])
  const infos = await Promise.all(names.map((name) => readInfo(stateDir, Number(name))))
  return infos.filter((info) => info !== undefined).sort((a, b) => a.number - b.number)
}

/** One of them: as the user names it ("1", "vm1"). Throws RapidoError('usage') that lists the running ones. */
export async function findVm(stateDir: string, name: string): Promise<VmInfo> {
  const number = Number(name.replace(/^(vm|rapido)/, ''))
  const info = Number.isInteger(number) ? await readInfo(stateDir, number) : undefined
  if (info) return info
  const running = (await readVmInfos(stateDir)).map((vm) => `${vm.number} (${vm.profile})`)
  throw new RapidoError('usage', `no VM "${name}" runs here`, {
    hint: running.length === 0 ? 'none does: start one with `rapido boot PROFILE`' : `these do: ${running.join(', ')}`,
  })
}

async function readInfo(stateDir: string, number: number): Promise<VmInfo | undefined> {
  try {
    const info: VmInfo = JSON.parse(await readFile(vmFiles(stateDir, number).info, 'utf8'))
    process.kill(info.pid, 0) // throws where nobody is: killed together with the process that cleans up after it
    return info
  } catch {
    return undefined // just being made or removed
  }
}
