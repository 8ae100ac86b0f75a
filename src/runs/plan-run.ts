import { readAuthorizedKeys } from '../config/authorized-keys.js'
import { unsetSettings } from '../config/expand.js'
import type { Profile } from '../config/profile.js'
import { loadProfile } from '../config/profiles.js'
import type { Settings } from '../config/schema.js'
import { profileWith } from '../config/when.js'
import { RapidoError } from '../errors.js'
import { requireDiskFiles } from '../host/disk-files.js'
import { gatherKernelFacts } from '../host/kernels.js'
import { hostMemoryMiB } from '../host/memory.js'
import { packageFile } from '../host/package-root.js'
import { installCommand, packageManager, providerOf } from '../host/packages.js'
import { kindOf, programFinder } from '../host/programs.js'
import { hostTscKHz } from '../host/tsc.js'
import { gatherImageFacts } from '../image/facts.js'
import { type Acceleration, chooseAcceleration } from '../machine/accel.js'
import { requireRbdDriver } from '../machine/rbd-driver.js'
import { chooseNetwork } from '../network/choose.js'
import { planChannel } from '../plan/channel.js'
import { clockArgs } from '../plan/clock-args.js'
import { diskDrivers, diskFiles, planDisks, rbdImages } from '../plan/disks.js'
import { dynamicDebugArgs } from '../plan/dynamic-debug.js'
import { guestParts } from '../plan/guest-parts.js'
import { type ImagePlan, planImage } from '../plan/image.js'
import { type KernelPlan, planKernel } from '../plan/kernel.js'
import { kernelArgs } from '../plan/kernel-args.js'
import { type KernelEntry, planKernelEntry } from '../plan/kernel-entry.js'
import type { MachinePlan } from '../plan/machine.js'
import { type NetworkChoice, planNetwork } from '../plan/network.js'
import { accelFile, type VmFiles } from '../plan/state-files.js'
import { memoryMiB, planZramDisks, requireMemoryForZram } from '../plan/zram-disks.js'
import { readBootFiles } from './boot-files.js'
import { type CephPlan, cephUserOf, planCeph } from './plan-ceph.js'
import { loadProfileSettings } from './profile-settings.js'
import { requireNoTemplate } from './require-no-template.js'

/** Where configuration comes from: as the CLI has it, or a test. */
export interface Surroundings {
  cwd: string
  home: string
  env: Readonly<Record<string, string | undefined>>
  configFile?: string | undefined
  sets?: readonly string[] | undefined
}

/** Everything about a run that is known before anything is done. */
export interface RunPlan {
  profile: Profile
  settings: Settings
  configFile: string | undefined
  kernel: KernelPlan
  entry: KernelEntry
  image: ImagePlan
  qemu: string // absolute path
  network: NetworkChoice
  acceleration: Acceleration
  tscKHz: number | undefined // of the host
  ceph: CephPlan | undefined
  authorizedKeys: string | undefined // for the guest's ssh server, where the profile has one
}

/** The finished plan of a profile. Throws RapidoError: 'usage' for the configuration, 'host' for what is missing here. */
export async function planRun(
  name: string,
  from: Surroundings,
  options: { signal?: AbortSignal; probe?: boolean } = {},
): Promise<RunPlan> {
  const loaded = await loadProfile(name, from)
  const { settings, file } = await loadProfileSettings(name, from)
  const profile = profileWith(settings, loaded)
  requireOneMachine(profile)
  await requireNoTemplate(profile, from)
  requireSettings(profile, settings)
  const authorizedKeys = profile.boot.ssh ? await readAuthorizedKeys(settings, from.home) : undefined
  const kernel = planKernel(settings.kernel, gatherKernelFacts(settings.kernel))
  const entry = planKernelEntry(settings.kernel.entry, kernel)
  const image = planImageOf(profile, settings, kernel)
  const qemu = findQemu(settings.qemu.binary)
  const network = await chooseNetwork(profile.network, settings)
  planNetwork(network, settings, 1) // what is wrong with the settings is told now
  const disks = planDisks(profile, settings)
  const ceph = planCeph(profile, settings, { network, disks })
  if (rbdImages(disks).length > 0) await requireRbdDriver(qemu, options)
  await requireDiskFiles(diskFiles(disks))
  requireMemoryForZram(profile, settings, { hostMiB: hostMemoryMiB() })
  await readBootFiles(profile, settings) // again when the guest is up: what cannot be read is told now
  const acceleration = await chooseAcceleration({
    wanted: settings.qemu.accel,
    qemu,
    kernel: kernel.image,
    file: accelFile(settings.paths.state),
    probe: options.probe ?? true, // of KVM: a short boot, the first time
    signal: options.signal,
  })
  return {
    profile,
    settings,
    configFile: file,
    kernel,
    entry,
    image,
    qemu,
    network,
    ceph,
    acceleration,
    tscKHz: hostTscKHz(),
    authorizedKeys,
  }
}

/** The image of a profile for a kernel, from what this host has; `find` as of gatherImageFacts. */
export function planImageOf(
  profile: Profile,
  settings: Settings,
  kernel: KernelPlan,
  find?: (name: string) => string | undefined,
): ImagePlan {
  const guest = guestParts(packageFile('src/guest'), {
    share: settings.share.path !== undefined,
    network: profile.network !== 'none',
    tools: profile.image.tools,
    zram: planZramDisks(profile, settings).length > 0,
    drivers: planDisks(profile, settings).flatMap(diskDrivers),
  })
  const input = { profile, guest, settings }
  return planImage({ ...input, kernel, facts: gatherImageFacts(input, find) })
}

/** The machine of a run, once its number and image are known. */
export function planMachine(
  plan: RunPlan,
  run: { number: number; kernel: string; initrd: string; files: VmFiles; gdb: { wait: boolean } | undefined },
): MachinePlan {
  const { settings, profile, kernel, acceleration } = plan
  const channel = planChannel(kernel)
  return {
    number: run.number,
    qemu: plan.qemu,
    accel: acceleration.accel,
    cpus: settings.vm.cpus ?? profile.machine.cpus,
    memoryMiB: memoryMiB(profile, settings),
    kernel: run.kernel,
    initrd: run.initrd,
    kernelArgs: kernelArgs({
      accel: acceleration.accel,
      clocks: clockArgs(kernel, settings.qemu.extra_args.includes('-icount') ? undefined : plan.tscKHz), // it has a TSC of its own
      channel,
      extra: [...dynamicDebugArgs(settings.debug), ...(run.gdb ? ['nokaslr'] : []), ...settings.kernel.params],
    }),
    channel,
    sockets: { qmp: run.files.qmpSocket, control: run.files.controlSocket, gdb: run.files.gdbSocket },
    disks: planDisks(profile, settings, { folder: run.files.folder, cephUser: cephUserOf(plan.ceph) }),
    zram: planZramDisks(profile, settings),
    network: planNetwork(plan.network, settings, run.number),
    share: settings.share.path === undefined ? undefined : { ...settings.share, path: settings.share.path },
    gdb: run.gdb,
    extraArgs: settings.qemu.extra_args,
    memoryFile: undefined,
  }
}

/** Throws RapidoError('usage') where a profile is a group of machines. */
export function requireOneMachine(profile: Profile): void {
  const roles = Object.entries(profile.group).map(([role, name]) => `${role} (${name})`)
  if (roles.length > 0) {
    throw new RapidoError('usage', `profile "${profile.name}" is a group of machines: ${roles.join(', ')}`, {
      hint: 'use `rapido run`, or `rapido boot --detach`; other commands take the profiles of its members',
    })
  }
}

/** Throws RapidoError('usage') where a setting that the profile needs is not set. */
export function requireSettings(profile: Profile, settings: Settings): void {
  const unset = unsetSettings(profile, settings)
  if (unset.length > 0) {
    throw new RapidoError('usage', `profile "${profile.name}" needs ${unset.join(', ')}, not set in rapido.toml`, {
      hint: 'docs/config.md says what each setting means; --set KEY=VALUE sets one for this time',
    })
  }
}

/** The QEMU to run. Throws RapidoError('host') with the package that has it. */
export function findQemu(binary: string): string {
  if (binary.startsWith('/')) {
    if (kindOf(binary) === 'file') return binary
    throw new RapidoError('host', `QEMU is missing: there is no ${binary}`, { hint: 'qemu.binary names it' })
  }
  const path = programFinder()(binary)
  if (path !== undefined) return path
  const manager = packageManager()
  const provider = providerOf(binary, manager)
  throw new RapidoError('host', `QEMU is missing: no ${binary} on PATH`, {
    hint: 'package' in provider ? installCommand(manager, [provider.package]) : provider.find,
  })
}
