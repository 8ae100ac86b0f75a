import { createHash } from 'node:crypto'
import { basename, dirname } from 'node:path'
import type { Settings } from '../config/schema.js'
import { type DracutPlan, dracutArgv } from './dracut-args.js'
import { findDriver } from './drivers.js'
import type { GuestParts } from './guest-parts.js'
import type { DracutFacts, ImageFacts } from './image-facts.js'
import { missingParts, tellMissing } from './image-missing.js'
import { type ImageParts, type ImageProfile, imageParts, type TreePart } from './image-parts.js'
import type { KernelPlan } from './kernel.js'
import { moduleName } from './kernel-contents.js'

/** An image to be made or found in the cache. Paths are absolute. */
export interface ImagePlan {
  profile: string
  key: string // sha256 of all that is known before the build
  dracut: DracutPlan // its argv: dracutArgv(plan.dracut, folder)
  programs: PlannedProgram[]
  includes: PlannedInclude[]
  drivers: string[] // the modules among the wished drivers, with underscores
  links: { path: string; target: string }[] // so that programs from elsewhere are found on the guest's PATH
  trees: TreePart[] // joined behind the image, which knows nothing of them
  notes: string[] // what is left out, for people
  output: string | undefined // where a copy goes
}

export interface PlannedProgram {
  name: string // as wished
  path: string // in the host
  place: string // in the image
}

export interface PlannedInclude {
  from: string
  to: string
  kind: 'file' | 'folder'
}

/**
 * Plans the image of a profile for a kernel. Everything required that this host or the kernel lacks is told in one
 * RapidoError('host'); what is optional and missing is left out with a note.
 */
export function planImage(input: {
  profile: ImageProfile
  guest: GuestParts
  settings: Settings
  kernel: KernelPlan
  facts: ImageFacts
}): ImagePlan {
  const { profile, kernel, facts, settings } = input
  const parts = imageParts(profile, input.guest, settings)
  const missing = missingParts(parts, kernel, facts)
  if ('problem' in facts.dracut || missing.required.length > 0) throw tellMissing(profile.name, missing.required, facts)

  const found = findPrograms(parts, facts)
  const drivers = parts.drivers.map(({ name }) => name).filter((name) => findDriver(kernel, name) === 'module')
  const plan = {
    programs: found.files,
    includes: planIncludes(parts, facts, found),
    drivers: drivers.map(moduleName),
    links: planLinks(found.files),
  }
  const dracut = planDracut(facts.dracut, { ...plan, parts, kernel, extra: settings.image.dracut_args })
  return {
    profile: profile.name,
    key: keyOf({ ...plan, dracut }),
    dracut,
    ...plan,
    trees: parts.trees,
    notes: missing.optional,
    output: settings.image.output,
  }
}

/** Where a guest looks for programs; src/guest/init sets it. */
const guestPath = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** What a guest mounts something over; src/guest/fstab says what. */
const covered = /^\/(tmp|run|dev|proc|sys|host)\//

function findPrograms(parts: ImageParts, facts: ImageFacts) {
  const files: PlannedProgram[] = []
  const folders: string[] = []
  for (const { name } of parts.programs) {
    const found = facts.programs[name]
    if (found === undefined) continue
    const { path, kind } = found
    if (kind === 'folder') folders.push(path)
    // A program keeps its path, for it may look for libraries beside itself; unless the guest could not see it there.
    else files.push({ name, path, place: covered.test(path) ? `/usr/bin/${basename(name)}` : path })
  }
  return { files, folders }
}

function planIncludes(parts: ImageParts, facts: ImageFacts, found: ReturnType<typeof findPrograms>): PlannedInclude[] {
  const includes = parts.includes.map(({ from, to }): PlannedInclude => {
    if (facts.includes[from] === 'folder') return { from, to: to.replace(/(.)\/$/, '$1'), kind: 'folder' }
    return { from, to: to.endsWith('/') ? to + basename(from) : to, kind: 'file' }
  })
  const moved = found.files.filter(({ path, place }) => path !== place)
  return [
    ...includes,
    ...moved.map(({ path, place }): PlannedInclude => ({ from: path, to: place, kind: 'file' })),
    ...found.folders.map((path): PlannedInclude => ({ from: path, to: path, kind: 'folder' })),
  ]
}

/** A program from elsewhere is found by its name all the same. */
function planLinks(programs: PlannedProgram[]): ImagePlan['links'] {
  return programs
    .filter(({ name, place }) => !name.includes('/') && !isLibrary(name) && !guestPath.includes(dirname(place)))
    .map(({ name, place }) => ({ path: `/usr/bin/${name}`, target: place }))
}

/** Whether a wished name is a library's: libfoo.so.1. */
export function isLibrary(name: string): boolean {
  return /^lib[^/]+\.so(\.|$)/.test(name)
}

function planDracut(
  facts: DracutFacts,
  plan: Pick<ImagePlan, 'programs' | 'includes' | 'drivers'> & {
    parts: ImageParts
    kernel: KernelPlan
    extra: string[]
  },
): DracutPlan {
  const included = new Set(plan.includes.map(({ to }) => to))
  return {
    ...facts,
    kernel: { release: plan.kernel.release, modulesDir: plan.kernel.modulesDir },
    with: plan.parts.dracutModules,
    // dracut lets the first file at a place stand; an include shall win over a program of the same place.
    install: [...new Set(plan.programs.map(({ place }) => place))].filter((place) => !included.has(place)),
    include: plan.includes.map(({ from, to }) => ({ from, to })),
    drivers: plan.drivers,
    extra: plan.extra,
  }
}

/** Change this when images of the same plan are made in another way than before. */
const imageFormat = 1

function keyOf(plan: Pick<ImagePlan, 'links' | 'includes'> & { dracut: DracutPlan }): string {
  const known = [
    imageFormat,
    plan.dracut.program,
    plan.dracut.base,
    plan.dracut.version,
    plan.dracut.distributionConf,
    dracutArgv(plan.dracut, ''),
    plan.includes,
    plan.links,
  ]
  return createHash('sha256').update(JSON.stringify(known)).digest('hex')
}
