import { planDisks } from '../plan/disks.js'
import { type SnapshotPoint, whyNoSnapshot } from '../plan/snapshot.js'
import type { RunPlan } from './plan-run.js'

/** For tests of all ways to start: 'cold', with an image made anew; 'warm', from the image that is there; else from a snapshot. */
export const startWay = () => process.env.RAPIDO_START ?? 'snapshot'

/** The point that VMs of a profile start from, where their machine allows it; undefined if they are to boot. */
export function wantedPoint({ settings, profile }: Pick<RunPlan, 'settings' | 'profile'>): SnapshotPoint | undefined {
  if (startWay() !== 'snapshot' || settings.snapshot.use === 'never' || profile.snapshot === 'off') return undefined
  return profile.snapshot
}

/** Whether each VM of a run boots, rather than starts from a snapshot. */
export function isBooted(run: Pick<RunPlan, 'settings' | 'profile'>): boolean {
  if (wantedPoint(run) === undefined) return true
  const { profile, settings } = run
  const machine = { extraArgs: settings.qemu.extra_args, disks: planDisks(profile, settings), gdb: undefined }
  return whyNoSnapshot(machine) !== undefined
}
