import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { vmFiles } from '../../src/plan/state-files.js'
import type { VmInfo } from '../../src/runs/vm-info.js'

/** Puts the record of a VM into a state folder, as if this process supervised it. */
export function recordVm(stateDir: string, changes: Partial<VmInfo> & { number: number }): VmInfo {
  const info: VmInfo = {
    state: 'ready',
    profile: 'simple',
    kernel: '6.1.0',
    pid: process.pid,
    qemuPid: process.pid,
    startedAt: '2026-02-03T04:05:06.007Z',
    consoleLog: `${stateDir}/logs/20260203T040506007Z-simple-vm${changes.number}.log`,
    vmlinux: undefined,
    gdb: undefined,
    network: 'none',
    ceph: undefined,
    addresses: [],
    ...changes,
  }
  const files = vmFiles(stateDir, info.number)
  mkdirSync(files.folder, { recursive: true })
  writeFileSync(files.info, JSON.stringify(info))
  return info
}

/** A process id that nobody has: of a process that has just ended. */
export function deadPid(): number {
  return spawnSync('true').pid
}
