import { readFile, stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import { RapidoError } from '../errors.js'
import type { HeldFolder } from '../host/hold.js'
import {
  type BootScriptOutput,
  findSnapshot,
  keepSnapshot,
  removeSnapshot,
  type SavedGuest,
  type Snapshot,
} from '../image/snapshots.js'
import { type Machine, startMachine } from '../machine/machine.js'
import { restoreMachine, saveState } from '../machine/snapshot.js'
import type { MachinePlan } from '../plan/machine.js'
import { type SnapshotPoint, snapshotKey, snapshotMachine } from '../plan/snapshot.js'
import { type Emit, emitMark } from './events.js'
import type { RunPlan } from './plan-run.js'
import { runSharedBootScript, sharedBootScriptInputs } from './shared-boot-script.js'
import { untilAborted } from './until-aborted.js'
import { untilAnswer } from './until-answer.js'

type MachineOptions = Parameters<typeof startMachine>[1]

interface Options {
  run: RunPlan
  point: SnapshotPoint
  role: string | undefined // of the machine, in a group
  machine: MachineOptions // of the run
  member: HeldFolder // of the VM: it kills what is still there when we are gone
  signal: AbortSignal
  emit: Emit
}

/**
 * A machine whose guest has booted before: it goes on from a snapshot, made now where there is none of this kernel,
 * image and shape; `bootScript` if its boot.sh has run, too. Undefined where that fails, which is told; the machine is to be
 * booted then.
 */
export async function startFromSnapshot(
  plan: MachinePlan,
  options: Options,
): Promise<{ machine: Machine; bootScript: BootScriptOutput | undefined } | undefined> {
  const { run, signal, emit } = options
  const cacheDir = run.settings.paths.cache
  let key: string | undefined
  try {
    const hostBoot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    key = snapshotKey(plan, {
      hostBoot,
      cpu: cpus()[0]?.model ?? '',
      files: await identities(plan, cacheDir),
      bootScript: options.point === 'ready' ? undefined : await sharedBootScriptInputs(options),
    })
    const found = findSnapshot(cacheDir, key)
    const snapshot =
      found ??
      (await keepSnapshot(key, (memory) => makeSnapshot(plan, memory, options), {
        cacheDir,
        maxBytes: run.settings.snapshot.max_size * 1024 * 1024,
        hostBoot,
        profile: run.profile.name,
        release: run.kernel.release,
        signal,
      }))
    return { machine: await restore(plan, snapshot, options), bootScript: snapshot.bootScript }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof RapidoError && error.code === 'timeout') throw error // once more would take as long
    if (key !== undefined) removeSnapshot(cacheDir, key)
    emit({ type: 'note', text: `no snapshot: ${(error as Error).message}; booting instead` })
    return undefined
  }
}

async function restore(plan: MachinePlan, snapshot: Snapshot, { machine: options, member, signal, emit }: Options) {
  const machine = await startMachine({ ...plan, memoryFile: { path: snapshot.memory, use: 'restore' } }, options)
  emitMark(emit, 'qemu')
  member.watch(machine.pid)
  try {
    await untilAborted(signal, restoreMachine(machine, snapshot, options.files.migrationSocket))
    emitMark(emit, 'restored')
    return machine
  } catch (error) {
    await machine.stop({ patienceMs: 0 })
    throw error
  } finally {
    member.unwatch(machine.pid)
  }
}

/** Boots a machine that is no run's until its guest says hello, or has run boot.sh, and saves it there. */
async function makeSnapshot(plan: MachinePlan, memory: string, all: Options): Promise<SavedGuest> {
  const { run, machine: options, member, signal, emit } = all
  const { files, consoleLog } = options
  const { enter: _, ...surroundings } = options
  const machine = await startMachine(snapshotMachine(plan, { memoryFile: memory, sockets: plan.sockets }), {
    ...surroundings,
    events: { incident: () => {}, activity: options.events.activity }, // told when it is restored
  })
  emitMark(emit, 'qemu')
  member.watch(machine.pid)
  try {
    const { boot_timeout: limitMs } = run.settings.run
    await untilAborted(
      signal,
      untilAnswer(untilInitRests(machine), { machine, number: plan.number, log: consoleLog, limitMs, signal }),
    )
    emitMark(emit, 'hello')
    const bootScript = all.point === 'ready' ? undefined : await runSharedBootScript(machine, { ...all, consoleLog })
    const state = await untilAborted(signal, saveState(machine, files.migrationSocket))
    await machine.stop({ patienceMs: 0 })
    emitMark(emit, 'saved')
    return { state, console: await readFile(consoleLog), bootScript }
  } finally {
    await machine.stop({ patienceMs: 0 })
    member.unwatch(machine.pid)
  }
}

/**
 * Until the agent is the only child of the guest's init: each driver that it is still loading would be loaded again in
 * every VM. Kernels without CONFIG_PROC_CHILDREN do not say.
 */
async function untilInitRests({ hello, channel }: Machine): Promise<void> {
  await hello
  const isBusy = 'read -r pids </proc/1/task/1/children; [[ $pids == *" "* ]]'
  const script = `while ((SECONDS < 10)) && { ${isBusy}; }; do sleep 0.02; done` // a driver may hang: that is for the run to see
  const command = channel.run({ argv: ['bash', '-c', script], cwd: '/', env: { PATH: '/usr/bin:/bin' } })
  command.stdin.end()
  await command.collect()
}

/** QEMU, kernel and initramfs, each with what changes when it does. Those in the cache are named by their content. */
async function identities({ qemu, kernel, initrd }: MachinePlan, cacheDir: string): Promise<string[]> {
  const looks = [qemu, kernel, initrd].map(async (path) => {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path)
    const times = path.startsWith(`${cacheDir}/`) ? [] : [mtimeMs, ctimeMs] // a cached one is touched when it is used
    return [path, ino, size, ...times].join(' ')
  })
  return Promise.all(looks)
}
