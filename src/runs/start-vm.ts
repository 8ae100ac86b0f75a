import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { readSecrets } from '../config/secrets.js'
import { RapidoError } from '../errors.js'
import { takeDisks } from '../host/disk-files.js'
import { Life } from '../host/life.js'
import { makeFolder } from '../host/make-folder.js'
import { writeAtomic } from '../host/write.js'
import type { BootScriptOutput } from '../image/snapshots.js'
import type { MachineEnd } from '../machine/end.js'
import type { Incident } from '../machine/incidents.js'
import { endedTooEarly, type Machine, startMachine } from '../machine/machine.js'
import { childEnv } from '../plan/child-env.js'
import { diskFiles, rbdImages } from '../plan/disks.js'
import { guestEnv } from '../plan/guest-env.js'
import type { MachinePlan } from '../plan/machine.js'
import { addressesOf, networkName } from '../plan/network.js'
import { type SnapshotPoint, snapshotPoint, whyNoSnapshot } from '../plan/snapshot.js'
import { consoleLog, logsFolder, type VmFiles, vmFiles } from '../plan/state-files.js'
import { type BootedFiles, ensureBootedFiles, stillThere } from './booted-files.js'
import { claimVm } from './claim.js'
import { writeClientConf } from './client-conf.js'
import { type Emit, emitMark } from './events.js'
import { fenceAt, fenceEnded } from './fence-ceph.js'
import { joinNetwork } from './join-network.js'
import { pruneLogs } from './logs.js'
import { meetGuest } from './meet-guest.js'
import { planMachine, type RunPlan } from './plan-run.js'
import { serveVm } from './serve.js'
import { startFromSnapshot } from './start-from-snapshot.js'
import { wantedPoint } from './start-way.js'
import { Turns } from './turns.js'
import { type CephUse, tellCeph, useCeph } from './use-ceph.js'
import { inOrder, Vm } from './vm.js'
import type { VmInfo } from './vm-info.js'

export interface StartOptions {
  signal: AbortSignal
  emit: Emit
  size: { rows: number; columns: number }
  term?: string | undefined // TERM of the terminal that the console will be on
  number?: number | undefined // the VM number wanted
  numberBefore?: number | undefined // the one it had before it was booted anew: another where somebody took it
  gdb?: { wait: boolean } | undefined
  role?: string | undefined // in a group
  /** The numbers of all machines of the group, once they have theirs. */
  roles?: (() => Promise<ReadonlyMap<string, number>>) | undefined
  onActivity?: (() => void) | undefined // the guest said something
}

/**
 * From a plan to a VM whose guest knows who it is: makes the image if it is stale, claims a number, starts QEMU, waits
 * for the guest and tells it the identity, environment and secrets. boot.sh has not run yet (runBootScript). Whatever
 * fails, or aborts, nothing is left.
 */
export async function startVm(plan: RunPlan, options: StartOptions): Promise<Vm> {
  const { signal, emit } = options
  const life = new Life()
  let launched: Launched | undefined
  try {
    // Read before anything is started: a secret that can't be had is a mistake of the configuration.
    const secrets = await readSecrets(plan.settings, { env: process.env })
    for (const note of secrets.notes) emit({ type: 'note', text: note })
    emit({ type: 'phase', phase: 'image' })
    const files = await ensureBootedFiles(plan, { signal, emit })
    emitMark(emit, 'image')
    const told = { ...options, secrets: secrets.values }
    launched = await launch(plan, files, { ...told, life })
    const vm = await introduce(launched, told)
    signal.throwIfAborted() // who aborted no longer waits for a VM to stop
    return vm
  } catch (error) {
    // What fails where QEMU has ended is its consequence; that is known in a moment.
    const ended = error instanceof RapidoError ? undefined : launched?.machine.ended
    const end = await Promise.race([ended, delay(endKnownMs)])
    await life.end()
    if (signal.aborted) throw signal.reason
    throw end ? endedTooEarly(end) : error
  }
}

const endKnownMs = 500

/** A machine that runs, and what belongs to its run. */
interface Launched {
  plan: RunPlan
  number: number
  machine: Machine
  files: VmFiles
  log: string // path
  env: Record<string, string>
  info: Omit<VmInfo, 'state'>
  ceph: Promise<CephUse> | undefined
  closed: Promise<MachineEnd>
  bootScript: BootScriptOutput | undefined // where it has run before, in the snapshot
  endTurn: () => void // of its start: others may
  vm?: Vm // once it is ready
}

/** A guest that starts keeps a CPU busy: more of them at once take longer than one after the other. */
const turnsToStart = new Turns(availableParallelism())

/** Claims a number and starts QEMU; what is to be undone is in `life`, which ends with the machine. */
async function launch(
  plan: RunPlan,
  found: BootedFiles,
  { life, signal, emit, ...options }: StartOptions & { life: Life; secrets: Map<string, string> },
): Promise<Launched> {
  const { settings, profile } = plan
  const { number, folder } = await claimVm(settings.paths.state, {
    wanted: options.number,
    before: options.numberBefore,
    signal,
  })
  life.defer('remove the folder of the VM', () => folder.release())
  const files = vmFiles(settings.paths.state, number)
  const startedAt = new Date()
  const log = consoleLog(settings.paths.state, { startedAt, profile: profile.name, number })
  const machinePlan = planMachine(plan, { ...found, number, files, gdb: options.gdb })
  const info = vmInfo(machinePlan, plan, { number, files, log, startedAt })
  await writeInfo(files, { ...info, state: 'booting' }) // nothing is started where there is no room for so much
  await takeDisks(diskFiles(machinePlan.disks), folder)
  makeFolder(logsFolder(settings.paths.state))
  life.defer('remove the logs of old runs', () => pruneLogs(settings.paths.state, settings.log.keep))
  emit({ type: 'claimed', number, consoleLog: log })

  emit({ type: 'phase', phase: 'booting' })
  signal.throwIfAborted()
  const network = await joinNetwork(machinePlan.network, {
    number,
    stateDir: settings.paths.state,
    member: folder,
    signal,
  })
  emitMark(emit, 'network')
  const over = new AbortController()
  const ceph =
    plan.ceph &&
    useCeph(
      { ...plan, ceph: plan.ceph },
      { number, member: folder, signal: AbortSignal.any([signal, over.signal]), emit },
    )
  ceph?.catch(() => {}) // told by introduce
  life.defer('let go of the Ceph cluster', async () => {
    over.abort()
    await ceph?.catch(() => {})
  })
  if (rbdImages(machinePlan.disks).length > 0) {
    const use = await ceph
    if (use) await writeClientConf(files, use.access, { settings, secrets: options.secrets })
  }
  const machineOptions = {
    files,
    consoleLog: log,
    size: options.size,
    env: { ...childEnv(process.env, settings), ...network.env },
    enter: network.enter,
    events: {
      incident: (incident: Incident) => emit({ type: 'incident', incident }),
      activity: options.onActivity ?? (() => {}),
    },
  }
  const endTurn = await turnsToStart.take(signal)
  life.defer('let others start', endTurn)
  const { initrd, kernel } = await stillThere(found, plan, { signal, emit })
  const machineToStart = { ...machinePlan, initrd, kernel }
  const point = pointToRestore(plan, machineToStart)
  const restored =
    point &&
    (await startFromSnapshot(machineToStart, {
      run: plan,
      point,
      role: options.role,
      machine: machineOptions,
      member: folder,
      signal,
      emit,
    }))
  const machine = restored?.machine ?? (await startMachine(machineToStart, machineOptions))
  if (restored === undefined) emitMark(emit, 'qemu')
  folder.watch(machine.pid)
  life.defer('fence its Ceph clients', async () => {
    over.abort()
    const use = await ceph?.catch(() => undefined)
    if (use && !leftInOrder(machine)) await fenceEnded(use, { plan, addresses: addressesOf(machinePlan.network), emit })
  })
  life.defer('stop QEMU', async () => {
    await machine.stop({ patienceMs: 0 })
    folder.unwatch(machine.pid)
  })
  const closed = machine.ended.then(async (end) => {
    await life.end()
    return end
  })
  closed.catch(() => {}) // seen by whoever stops the VM

  const { disks, zram } = machinePlan
  const env = guestEnv({ number, profile, settings, term: options.term, role: options.role, disks, zram })
  const { cwd } = profile.boot
  const stop = () => machine.stop(inOrder(plan, machine)).then(() => closed)
  const { bootScript } = restored ?? {}
  const launched: Launched = { plan, number, machine, files, log, env, info, ceph, closed, bootScript, endTurn }
  life.defer('stop serving', await serveVm(files.serveSocket, { machine, env, cwd, stop, vm: () => launched.vm }))
  info.qemuPid = machine.pid
  await writeInfo(files, { ...info, state: 'booting' })
  return launched
}

/** The snapshot that may stand for booting it. */
function pointToRestore(run: RunPlan, machine: MachinePlan): SnapshotPoint | undefined {
  const wanted = wantedPoint(run)
  if (wanted === undefined || whyNoSnapshot(machine)) return undefined
  return snapshotPoint(wanted, machine, { hasSecrets: Object.keys(run.settings.secrets).length > 0 })
}

/** Whether its guest has unmounted everything: who powers off or reboots says so, and does. */
function leftInOrder({ end, leaving }: Machine): boolean {
  return leaving !== undefined && (end?.kind === 'powered-off' || end?.kind === 'rebooted')
}

/** The guest is told who it is; then it is this. */
async function introduce(launched: Launched, options: StartOptions & { secrets: Map<string, string> }): Promise<Vm> {
  const { plan, number, machine, files, log, env, info, closed, bootScript, endTurn } = launched
  const isHeld = options.gdb?.wait === true // until somebody says go to gdb
  if (isHeld) endTurn()
  const patience = isHeld ? Number.POSITIVE_INFINITY : undefined
  const met = meetGuest(launched, { ...options, patience }).finally(endTurn)
  const [kernelRelease, ceph] = await Promise.all([met, launched.ceph])
  if (ceph) await tellCeph(launched, ceph, plan)
  if (ceph) emitMark(options.emit, 'ceph')
  const meetAgain = async () => {
    const { values } = await readSecrets(plan.settings, { env: process.env })
    await meetGuest(launched, { roles: options.roles, secrets: values, signal: new AbortController().signal })
    // What ran before the reset holds what the guest now wants.
    if (ceph) await fenceAt(ceph, addressesOf(machine.plan.network), options.emit)
    if (ceph) await tellCeph(launched, ceph, plan)
  }
  const parts = { number, plan, machine, kernelRelease, consoleLog: log, ceph, env, closed, meetAgain, bootScript }
  launched.vm = new Vm(parts)
  await writeInfo(files, { ...info, kernel: kernelRelease, state: 'ready' })
  return launched.vm
}

async function writeInfo(files: VmFiles, info: VmInfo): Promise<void> {
  try {
    await writeAtomic(files.info, JSON.stringify(info))
  } catch (cause) {
    throw new RapidoError('host', `cannot write ${files.info}: ${(cause as Error).message}`, {
      hint: 'make room there, or choose another place with paths.state in rapido.toml',
      cause,
    })
  }
}

function vmInfo(
  machinePlan: MachinePlan,
  plan: RunPlan,
  run: { number: number; files: VmFiles; log: string; startedAt: Date },
): Omit<VmInfo, 'state'> {
  return {
    number: run.number,
    profile: plan.profile.name,
    kernel: plan.kernel.release,
    pid: process.pid,
    qemuPid: undefined,
    startedAt: run.startedAt.toISOString(),
    consoleLog: run.log,
    vmlinux: plan.kernel.vmlinux,
    gdb: machinePlan.gdb ? run.files.gdbSocket : undefined,
    network: networkName(machinePlan.network),
    ceph: plan.ceph?.kind,
    addresses: addressesOf(machinePlan.network),
  }
}
