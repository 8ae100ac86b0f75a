import { accessSync, constants } from 'node:fs'
import { loadSettings } from '../config/load.js'
import { listProfiles } from '../config/profiles.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { gatherKernelFacts } from '../host/kernels.js'
import { requireProgram } from '../host/require-program.js'
import { chooseAcceleration } from '../machine/accel.js'
import { planChannel } from '../plan/channel.js'
import { type KernelPlan, planKernel } from '../plan/kernel.js'
import { accelFile } from '../plan/state-files.js'
import { type Readiness, readinessOf, sharedLooks } from './can-run.js'
import { findQemu, type Surroundings } from './plan-run.js'
import { requireNoTemplate } from './require-no-template.js'

/** One thing that was looked at. `missing` keeps something from running, `note` only makes it slower or poorer. */
export interface Finding {
  state: 'ok' | 'note' | 'missing'
  subject: string
  detail: string
  remedy?: string | undefined
}

/** Programs of this host that every run uses, beside QEMU and dracut. */
const hostPrograms = ['bash', 'setpriv', 'flock', 'tar']

/** Looks at this host the way a run does, but to the end: everything that is missing, and what provides it. */
export async function examine(names: string[], from: Surroundings, signal: AbortSignal): Promise<Finding[]> {
  const { settings, file } = await loadSettings(from)
  await requireNoTemplates(names, from)
  const findings: Finding[] = [{ state: 'ok', subject: 'settings', detail: file ?? 'the defaults (no rapido.toml)' }]
  const add = async <T>(
    subject: string,
    look: () => T | Promise<T>,
    tell: (found: T) => string,
  ): Promise<T | undefined> => {
    try {
      const found = await look()
      findings.push({ state: 'ok', subject, detail: tell(found) })
      return found
    } catch (error) {
      if (!(error instanceof RapidoError) || error.code === 'interrupted') throw error
      findings.push({ state: 'missing', subject, detail: error.message, remedy: error.hint })
      return undefined
    }
  }

  for (const program of hostPrograms)
    await add(
      program,
      () => requireProgram(program),
      (path) => path,
    )
  const qemu = await add(
    'qemu',
    () => findQemu(settings.qemu.binary),
    (path) => path,
  )
  const kernel = await add(
    'kernel',
    () => kernelOf(settings),
    (plan) => `${plan.release} (${plan.source}), ${plan.image}`,
  )
  if (kernel && planChannel(kernel).kind === 'serial') {
    findings.push({
      state: 'note',
      subject: 'kernel',
      detail: 'no virtio console: commands go over a serial line, slowly',
      remedy: 'enable CONFIG_VIRTIO_PCI and CONFIG_VIRTIO_CONSOLE',
    })
  }
  if (qemu && kernel) findings.push(await acceleration(settings, { qemu, kernel, signal }))
  findings.push(...writable(settings))
  if (kernel === undefined) return findings

  const wanted = names.length > 0 ? names : await loadableProfiles(from)
  const looks = sharedLooks()
  for (const name of wanted) {
    const subject = `profile ${name}`
    // Who asks for all of them has not set what each needs.
    const readiness = await readinessOf(name, from, { withSettings: names.length > 0, looks }).catch(asProblem)
    findings.push({ subject, ...tellReadiness(readiness) })
  }
  return findings
}

function kernelOf(settings: Settings): KernelPlan {
  return planKernel(settings.kernel, gatherKernelFacts(settings.kernel))
}

async function acceleration(
  settings: Settings,
  { qemu, kernel, signal }: { qemu: string; kernel: KernelPlan; signal: AbortSignal },
): Promise<Finding> {
  const { accel, note } = await chooseAcceleration({
    wanted: settings.qemu.accel,
    qemu,
    kernel: kernel.image,
    file: accelFile(settings.paths.state),
    probe: true,
    signal,
  })
  if (accel === 'kvm') return { state: 'ok', subject: 'acceleration', detail: 'KVM' }
  return { state: 'note', subject: 'acceleration', detail: note ?? 'TCG, as qemu.accel says: guests run slowly' }
}

function writable(settings: Settings): Finding[] {
  return (['state', 'cache'] as const).map((kind) => {
    const subject = `paths.${kind}`
    const path = settings.paths[kind]
    for (let folder = path; ; folder = folder.slice(0, folder.lastIndexOf('/')) || '/') {
      try {
        accessSync(folder, constants.W_OK)
        return { state: 'ok', subject, detail: path }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue // it will be made
        return {
          state: 'missing',
          subject,
          detail: `${folder} is not writable`,
          remedy: `set ${subject} in rapido.toml`,
        }
      }
    }
  })
}

async function requireNoTemplates(names: string[], from: Surroundings): Promise<void> {
  const wanted = (await listProfiles(from)).filter(({ name, shadowed }) => !shadowed && names.includes(name))
  for (const profile of wanted) await requireNoTemplate(profile, from)
}

async function loadableProfiles(from: Surroundings): Promise<string[]> {
  const profiles = await listProfiles(from)
  return profiles.filter(({ shadowed, template }) => !shadowed && !template).map(({ name }) => name)
}

function asProblem(error: unknown): Readiness {
  if (!(error instanceof RapidoError) || error.code === 'interrupted') throw error
  return { problems: [error], notes: [] }
}

function tellReadiness({ problems, notes }: Readiness): Omit<Finding, 'subject'> {
  if (problems.length === 0) return { state: 'ok', detail: ['can run here', ...notes].join('\n') }
  const hints = problems.flatMap(({ hint }) => hint ?? [])
  return {
    state: 'missing',
    detail: problems.map(({ message }) => message).join('\n'),
    remedy: hints.length > 0 ? [...new Set(hints)].join('\n') : undefined,
  }
}
