import { createHash } from 'node:crypto'
import type { MachinePlan } from './machine.js'
import { qemuArgs } from './qemu-args.js'

/** What the snapshot of a machine hangs on, beside its plan. */
export interface SnapshotFacts {
  hostBoot: string // the boot id: what was not yet written when a host crashed is never believed
  cpu: string // the model of the host's CPU
  files: string[] // QEMU, kernel and initramfs, each with what tells that it has changed
}

/**
 * The machine that a snapshot is made of: the same memory, CPUs, kernel, image and control channel, but nothing of a
 * run. Disks, NICs and the shared folder come with the run, on PCI slots behind those that are there already.
 */
export function snapshotMachine(
  plan: MachinePlan,
  { memoryFile, sockets }: { memoryFile: string; sockets: MachinePlan['sockets'] },
): MachinePlan {
  return {
    ...plan,
    number: 0,
    sockets,
    disks: [],
    zram: [],
    network: { kind: 'none' },
    share: undefined,
    gdb: undefined,
    memoryFile: { path: memoryFile, use: 'make' },
  }
}

/** Names the snapshot that fits a machine: hex digits. All that QEMU is told is in it, but for what belongs to a run. */
export function snapshotKey(plan: MachinePlan, facts: SnapshotFacts): string {
  const sockets = { qmp: '', control: '', gdb: '' }
  const args = qemuArgs(snapshotMachine(plan, { memoryFile: '', sockets }))
  return createHash('sha256')
    .update(JSON.stringify([format, plan.qemu, args, facts]))
    .digest('hex')
    .slice(0, 32)
}

const format = 1

/** Why a machine is always booted, where it is. */
export function whyNoSnapshot(plan: MachinePlan): string | undefined {
  if (plan.extraArgs.length > 0) return 'qemu.extra_args may name what two machines cannot share'
  if (plan.gdb !== undefined) return '--gdb is for a kernel that boots'
  return undefined
}
