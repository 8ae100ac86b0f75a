import { basename, dirname } from 'node:path'
import type { Settings } from '../config/schema.js'
import type { DracutPlan } from './dracut-args.js'
import { findDriver } from './drivers.js'
import type { GuestParts } from './guest-parts.js'
import type { DracutFacts, ImageFacts } from './image-facts.js'
import { missingParts, tellMissing } from './image-missing.js'
import { type ImageParts, type ImageProfile, imageParts, type TreePart } from './image-parts.js'
import type { KernelPlan } from './kernel.js'
import { moduleName } from './kernel-contents.js'
import {
  type GuestLayerPlan,
  imageKey,
  isPlain,
  type ModulesPlan,
  modulesPlan,
  type UserspacePlan,
  userspacePlan,
} from './layers.js'

/** An image to be made or found in the cache. Paths are absolute. */
export interface ImagePlan {
  profile: string
  key: string // sha256 of all that is known before the build
  release: string // of the kernel
  userspace: UserspacePlan // the layers: kept apart, and joined
  modules: ModulesPlan | undefined // none where the kernel has none, or where dracut installs them
  guest: GuestLayerPlan
  programs: PlannedProgram[]
  includes: PlannedInclude[]
  drivers: string[] // the modules among the wished drivers, with underscores
  trees: TreePart[] // joined behind the image, which knows nothing of them
  notes: string[] // what is left out, for people
  output: string | undefined // where a copy goes
}

export interface PlannedProgram {
  name: string // as wished
  path: string // in the host
  place: string // in the image
}

/** So that a program from elsewhere is found on the guest's PATH. */
export interface ImageLink {
  path: string
  target: string
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
  const drivers = parts.drivers
    .map(({ name }) => name)
    .filter((name) => findDriver(kernel, name) === 'module')
    .map(moduleName)
  const { includes, plain } = planIncludes(parts, facts, found)
  const wished = { programs: found.files, includes, drivers }
  const extra = settings.image.dracut_args
  const layers = planLayers(facts.dracut, { ...wished, plain, parts, kernel, extra })
  return {
    profile: profile.name,
    key: imageKey(layers.userspace, layers.modules, layers.guest),
    release: kernel.release,
    ...layers,
    ...wished,
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

function planIncludes(parts: ImageParts, facts: ImageFacts, found: ReturnType<typeof findPrograms>) {
  const plain = new Set<PlannedInclude>()
  const includes = parts.includes.map(({ from, to, by }): PlannedInclude => {
    const kind = facts.includes[from]
    if (kind === 'folder') return { from, to: to.replace(/(.)\/$/, '$1'), kind: 'folder' }
    const include = { from, to: to.endsWith('/') ? to + basename(from) : to, kind: 'file' as const }
    // What runs rapido's own scripts is among its own programs.
    if (by === 'rapido' || isPlain(include, { executable: kind === 'executable' })) plain.add(include)
    return include
  })
  const moved = found.files.filter(({ path, place }) => path !== place)
  return {
    plain,
    includes: [
      ...includes,
      ...moved.map(({ path, place }): PlannedInclude => ({ from: path, to: place, kind: 'file' })),
      ...found.folders.map((path): PlannedInclude => ({ from: path, to: path, kind: 'folder' })),
    ],
  }
}

/** A program from elsewhere is found by its name all the same. */
function planLinks(programs: PlannedProgram[]): ImageLink[] {
  return programs
    .filter(({ name, place }) => !name.includes('/') && !isLibrary(name) && !guestPath.includes(dirname(place)))
    .map(({ name, place }) => ({ path: `/usr/bin/${name}`, target: place }))
}

/** Whether a wished name is a library's: libfoo.so.1. */
export function isLibrary(name: string): boolean {
  return /^lib[^/]+\.so(\.|$)/.test(name)
}

type Wished = Pick<ImagePlan, 'programs' | 'includes' | 'drivers'> & {
  plain: ReadonlySet<PlannedInclude>
  parts: ImageParts
  kernel: KernelPlan
  extra: string[]
}

/**
 * Three layers; or two, and dracut installs the drivers: its modules and options may call for more of them, and that
 * they are in one run then is what dracut expects.
 */
function planLayers(dracut: DracutFacts, wished: Wished): Pick<ImagePlan, 'userspace' | 'modules' | 'guest'> {
  const { programs, drivers, parts, kernel, extra } = wished
  const { installer } = dracut
  const isApart = installer !== undefined && extra.length === 0 && parts.dracutModules.every((name) => name === 'bash')
  const includes = wished.includes.filter((include) => !wished.plain.has(include))
  const { release, modulesDir } = kernel
  return {
    userspace: userspacePlan({
      dracut: planDracut(dracut, wished, isApart ? undefined : { release, modulesDir, drivers }),
      programs,
      includes,
      drivers: isApart ? [] : drivers,
    }),
    modules: isApart && modulesDir !== undefined ? modulesPlan({ installer, release, modulesDir, drivers }) : undefined,
    guest: { includes: [...wished.plain], links: planLinks(programs) },
  }
}

function planDracut(
  facts: DracutFacts,
  { programs, includes, plain, parts, extra }: Wished,
  kernel: DracutPlan['kernel'],
) {
  const included = new Set(includes.map(({ to }) => to))
  return {
    ...facts,
    kernel,
    with: parts.dracutModules,
    // dracut lets the first file at a place stand; an include shall win over a program of the same place.
    install: [...new Set(programs.map(({ place }) => place))].filter((place) => !included.has(place)),
    include: includes.filter((include) => !plain.has(include)).map(({ from, to }) => ({ from, to })),
    extra,
  }
}
