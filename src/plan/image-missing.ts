import { RapidoError } from '../errors.js'
import { findDriver, whyNoDriver } from './drivers.js'
import type { ImageFacts, Provision } from './image-facts.js'
import type { ImageParts, Wish } from './image-parts.js'
import type { KernelPlan } from './kernel.js'
import { kernelHas } from './kernel-contents.js'

/** Something required that is not there. */
export interface Missing {
  what: string // program mkfs.xfs
  why: string // not on this host
  remedy?: Provision | undefined // what provides it
}

/** What an image shall have but this host or the kernel has not: what stops it, and notes on what is left out. */
export function missingParts(
  parts: ImageParts,
  kernel: KernelPlan,
  facts: ImageFacts,
): { required: Missing[]; optional: string[] } {
  const absent = (wishes: Wish[], found: (name: string) => boolean) => wishes.filter(({ name }) => !found(name))
  const programs = absent(parts.programs, (name) => facts.programs[name] !== undefined)
  const drivers = absent(parts.drivers, (name) => findDriver(kernel, name) !== 'nowhere')
  return {
    required: [
      ...missingDracut(parts, facts),
      ...programs.filter(({ need }) => need === 'required').map(({ name }) => missingProgram(name, facts)),
      ...parts.includes.flatMap(({ from }) => missingInclude(from, facts)),
      ...drivers.filter(({ need }) => need === 'required').map(({ name }) => missingDriver(name, kernel)),
      ...parts.kernelOptions
        .filter((option) => kernelHas(kernel, option) === 'n')
        .map((option) => missingOption(option, kernel)),
    ],
    optional: [
      ...programs
        .filter(({ need }) => need === 'optional')
        .map(({ name }) => `left out ${name}: ${tellProvider(name, facts)}`),
      ...drivers
        .filter(({ need }) => need === 'optional')
        .map(({ name }) => `left out driver ${name}: ${whyNoDriver(kernel, name)}`),
      ...(kernel.config === undefined && parts.kernelOptions.length > 0
        ? [
            `not checked, for kernel ${kernel.release} comes without its configuration: ${parts.kernelOptions.join(', ')}`,
          ]
        : []),
    ],
  }
}

/** One error for everything that is missing, with the one command that installs all packages that are known. */
export function tellMissing(profile: string, missing: Missing[], facts: ImageFacts): RapidoError {
  const lines = missing.map(({ what, why, remedy }) => {
    if (remedy === undefined) return `  ${what}: ${why}`
    return `  ${what}: ${why}; ${'package' in remedy ? `package ${remedy.package}` : `\`${remedy.find}\``}`
  })
  const packages = [
    ...new Set(missing.flatMap(({ remedy }) => (remedy && 'package' in remedy ? [remedy.package] : []))),
  ]
  const hint = packages.length > 0 ? `run \`${facts.packageCommand} ${packages.join(' ')}\`` : undefined
  return new RapidoError('host', [`profile "${profile}" needs what is not there:`, ...lines].join('\n'), { hint })
}

function missingDracut(parts: ImageParts, facts: ImageFacts): Missing[] {
  const { dracut } = facts
  if ('problem' in dracut) return [{ what: 'dracut', why: dracut.problem, remedy: dracut.remedy }]
  return parts.dracutModules
    .filter((name) => !dracut.modules.includes(name))
    .map((name) => ({
      what: `dracut module ${name}`,
      why: `not in ${dracut.base}/modules.d of dracut ${dracut.version}`,
    }))
}

function missingProgram(name: string, facts: ImageFacts): Missing {
  // What a distribution has in such a folder a package brings; what is elsewhere somebody has built.
  if (name.startsWith('/')) {
    const remedy = /^\/(usr|lib|lib64|bin|sbin)\//.test(name) ? facts.providers[name] : undefined
    return { what: name, why: 'does not exist', remedy }
  }
  return { what: `program ${name}`, why: 'not on this host', remedy: facts.providers[name] }
}

function missingInclude(from: string, facts: ImageFacts): Missing[] {
  const found = facts.includes[from]
  if (found === 'file' || found === 'executable' || found === 'folder') return []
  if (found === 'unreadable') return [{ what: `include ${from}`, why: 'you may not read it' }]
  return [
    { what: `include ${from}`, why: found === 'something else' ? 'neither a file nor a folder' : 'does not exist' },
  ]
}

function missingDriver(name: string, kernel: KernelPlan): Missing {
  return { what: `driver ${name}`, why: whyNoDriver(kernel, name) }
}

function missingOption(option: string, kernel: KernelPlan): Missing {
  return { what: `kernel option ${option.replace(/^CONFIG_/, '')}`, why: `off in kernel ${kernel.release}` }
}

function tellProvider(name: string, facts: ImageFacts): string {
  const provider = facts.providers[name]
  if (provider === undefined) return 'not on this host'
  return `not on this host (${'package' in provider ? `${facts.packageCommand} ${provider.package}` : provider.find})`
}
