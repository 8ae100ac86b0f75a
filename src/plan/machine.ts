import type { DiskPlan } from './disks.js'
import type { NetworkPlan } from './network.js'
import type { ZramDisk } from './zram-disks.js'

/** The machine of one run, finished: what qemu-args.ts turns into a command line. Sizes in MiB, paths absolute. */
export interface MachinePlan {
  number: number // of the VM: from 1
  qemu: string // the binary
  accel: 'kvm' | 'tcg'
  cpus: number
  memoryMiB: number
  kernel: string
  initrd: string
  kernelArgs: string[]
  channel: ChannelPlan
  sockets: { qmp: string; control: string; gdb: string }
  disks: DiskPlan[]
  zram: ZramDisk[] // what the guest makes in its memory: no device of QEMU
  network: NetworkPlan
  share: { path: string; readonly: boolean } | undefined
  gdb: { wait: boolean } | undefined
  extraArgs: string[]
  memoryFile: MemoryFile | undefined
}

/** The file that the guest's memory is in, of a machine that a snapshot is made of or that starts from one. */
export interface MemoryFile {
  path: string
  use: 'make' | 'restore' // what is restored keeps its changes to itself: many at once share the file
}

/** Whether a machine has nothing outside of itself that rapido knows of: no disk of the host's, network or shared folder. */
export function isAlone({ disks, network, share }: Pick<MachinePlan, 'disks' | 'network' | 'share'>): boolean {
  return disks.length === 0 && network.kind === 'none' && share === undefined
}

/** Where the control channel runs: a virtio-serial port, or the second serial port of a kernel without them. */
export type ChannelPlan = { kind: 'virtio' } | { kind: 'serial' }

/** The 9p tag of the shared folder, mounted at /host. */
export const shareTag = 'rapido.host'
