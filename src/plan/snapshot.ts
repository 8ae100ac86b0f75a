import { createHash } from 'node:crypto'
import { isAlone, type MachinePlan } from './machine.js'
import { qemuArgs } from './qemu-args.js'

/** What the snapshot of a machine hangs on, beside its plan. */
export interface SnapshotFacts {
  hostBoot: string // the boot id: what was not yet written when a host crashed is never believed
  cpu: string // the model of the host's CPU
  files: string[] // QEMU, kernel and initramfs, each with what tells that it has changed
  bootScript?: unknown // all that boot.sh is given, where the snapshot is taken after it
}

/**
 * The machine that a snapshot is made of: the same memory, CPUs, kernel, image and control channel, but nothing of a
 * run. Disks, NICs and the shared folder come with the run, on PCI slots that are empty in it.
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

const format = 2

export type SnapshotPoint = 'ready' | 'after-boot-script'

/**
 * When the snapshot of a machine is taken, if its profile has a wish. What boot.sh does to a disk, to a network or with a
 * secret is of one VM alone.
 */
export function snapshotPoint(
  wanted: SnapshotPoint,
  machine: MachinePlan,
  { hasSecrets }: { hasSecrets: boolean },
): SnapshotPoint {
  return isAlone(machine) && machine.zram.length === 0 && !hasSecrets ? wanted : 'ready'
}

/** Why a machine is always booted, where it is. */
export function whyNoSnapshot(plan: Pick<MachinePlan, 'extraArgs' | 'disks' | 'gdb'>): string | undefined {
  if (plan.extraArgs.length > 0) return 'qemu.extra_args may name what two machines cannot share'
  if (plan.disks.some(({ bus }) => bus === 'nvme')) return 'a machine with an NVMe disk is not restored by QEMU'
  if (plan.gdb !== undefined) return '--gdb is for a kernel that boots'
  return undefined
}
