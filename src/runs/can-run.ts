import { loadSettings } from '../config/load.js'
import { loadProfile } from '../config/profiles.js'
import { profileWith } from '../config/when.js'
import { RapidoError } from '../errors.js'
import { gatherKernelFacts } from '../host/kernels.js'
import { requireRbdDriver } from '../machine/rbd-driver.js'
import { chooseNetwork } from '../network/choose.js'
import { planDisks, rbdImages } from '../plan/disks.js'
import { type KernelPlan, planKernel } from '../plan/kernel.js'
import { planCeph } from './plan-ceph.js'
import { findQemu, planImageOf, requireSettings, type Surroundings } from './plan-run.js'

/** Whether a profile can run on this host. */
export interface Readiness {
  problems: RapidoError[] // all that keeps it from running, with what provides it
  notes: string[] // what is only left out
}

/**
 * Looks for everything that a profile needs, to the end; for a group, that each of its members needs. Nothing is started
 * but `qemu --version` and the like. Without `kernel` the one of the profile's own settings is taken.
 */
export async function readinessOf(
  name: string,
  from: Surroundings,
  options: { kernel?: KernelPlan; withSettings: boolean }, // whether settings that it needs must be set
): Promise<Readiness> {
  const { group } = await loadProfile(name, from)
  const members = Object.entries(group)
  if (members.length === 0) return await readinessOfOne(name, from, options)
  const found = await Promise.all(members.map(([, member]) => readinessOf(member, from, options)))
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
  { kernel, withSettings }: { kernel?: KernelPlan; withSettings: boolean },
): Promise<Readiness> {
  const { settings } = await loadSettings({ ...from, profile: name })
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
  if (withSettings) await look(() => requireSettings(profile, settings))
  const qemu = await look(() => findQemu(settings.qemu.binary))
  const disks = await look(() => planDisks(profile, settings))
  const network = await look(() => chooseNetwork(profile.network, settings))
  if (network && disks) await look(() => planCeph(profile, settings, { network, disks }))
  if (qemu && disks && rbdImages(disks).length > 0) await look(() => requireRbdDriver(qemu))
  const image = await look(() =>
    planImageOf(profile, settings, kernel ?? planKernel(settings.kernel, gatherKernelFacts(settings.kernel))),
  )
  return { problems, notes: image?.notes ?? [] }
}
