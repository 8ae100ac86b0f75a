import { readAuthorizedKeys } from '../config/authorized-keys.js'
import { loadProfile } from '../config/profiles.js'
import { profileWith } from '../config/when.js'
import { RapidoError } from '../errors.js'
import { requireDiskFiles } from '../host/disk-files.js'
import { gatherKernelFacts } from '../host/kernels.js'
import { hostMemoryMiB } from '../host/memory.js'
import { fileFinder } from '../image/facts.js'
import { requireRbdDriver } from '../machine/rbd-driver.js'
import { chooseNetwork } from '../network/choose.js'
import { diskFiles, planDisks, rbdImages } from '../plan/disks.js'
import { type KernelPlan, planKernel } from '../plan/kernel.js'
import { planKernelEntry } from '../plan/kernel-entry.js'
import type { KernelSettings } from '../plan/kernel-facts.js'
import { planNetwork } from '../plan/network.js'
import { requireMemoryForZram } from '../plan/zram-disks.js'
import { readBootFiles } from './boot-files.js'
import { planCeph } from './plan-ceph.js'
import { findQemu, planImageOf, requireOneMachine, requireSettings, type Surroundings } from './plan-run.js'
import { loadProfileSettings } from './profile-settings.js'
import { requireNoTemplate } from './require-no-template.js'

/** Whether a profile can run on this host. */
export interface Readiness {
  problems: RapidoError[] // all that keeps it from running, with what provides it
  notes: string[] // what is only left out
}

/** What looks at many profiles share, which look for the same. */
export interface Looks {
  kernel: (settings: KernelSettings) => KernelPlan // as planKernel
  find: (name: string) => string | undefined // of gatherImageFacts
}

/** Looks for each kernel, program and library once. */
export function sharedLooks(): Looks {
  const kernels = new Map<string, KernelPlan>()
  return {
    find: fileFinder(),
    kernel: (settings) => {
      const key = JSON.stringify(settings)
      const kernel = kernels.get(key) ?? planKernel(settings, gatherKernelFacts(settings))
      kernels.set(key, kernel)
      return kernel
    },
  }
}

/**
 * Looks for everything that a profile needs, to the end; for a group, that each of its members needs. It is what planRun
 * looks at, which ends with the first that is missing.
 */
export async function readinessOf(
  name: string,
  from: Surroundings,
  options: { withSettings: boolean; looks?: Looks }, // withSettings: those that it needs must be set
): Promise<Readiness> {
  const { group } = await loadProfile(name, from)
  const members = Object.entries(group)
  if (members.length === 0) return await readinessOfOne(name, from, options)
  const found = await Promise.all(members.map(([, member]) => readinessOfOne(member, from, options)))
  return {
    problems: found.flatMap(({ problems }, index) => problems.map((problem) => ofMember(members[index]?.[0], problem))),
    notes: found.flatMap(({ notes }, index) => notes.map((note) => `${members[index]?.[0]}: ${note}`)),
  }
}

function ofMember(role: string | undefined, { code, message, hint }: RapidoError): RapidoError {
  return new RapidoError(code, `${role}: ${message}`, { hint })
}

async function readinessOfOne(
  name: string,
  from: Surroundings,
  { withSettings, looks = sharedLooks() }: { withSettings: boolean; looks?: Looks },
): Promise<Readiness> {
  const { settings } = await loadProfileSettings(name, from)
  const profile = profileWith(settings, await loadProfile(name, from))
  const problems: RapidoError[] = []
  const look = async <T>(step: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await step()
    } catch (error) {
      if (!(error instanceof RapidoError) || error.code === 'interrupted') throw error
      problems.push(error)
      return undefined
    }
  }
  await look(() => requireOneMachine(profile)) // a member of a group is no group itself
  await look(() => requireNoTemplate(profile, from))
  if (withSettings) await look(() => requireSettings(profile, settings))
  await look(() => readBootFiles(profile, settings))
  if (profile.boot.ssh) await look(() => readAuthorizedKeys(settings, from.home))
  const qemu = await look(() => findQemu(settings.qemu.binary))
  const disks = await look(() => planDisks(profile, settings))
  const network = await look(() => chooseNetwork(profile.network, settings))
  if (disks) await look(() => requireDiskFiles(diskFiles(disks)))
  await look(() => requireMemoryForZram(profile, settings, { hostMiB: hostMemoryMiB() }))
  if (network) await look(() => planNetwork(network, settings, 1))
  if (network && disks) await look(() => planCeph(profile, settings, { network, disks }))
  if (qemu && disks && rbdImages(disks).length > 0) await look(() => requireRbdDriver(qemu))
  const kernel = await look(() => looks.kernel(settings.kernel))
  if (kernel) await look(() => planKernelEntry(settings.kernel.entry, kernel))
  const image = kernel && (await look(() => planImageOf(profile, settings, kernel, looks.find)))
  return { problems, notes: image?.notes ?? [] }
}
