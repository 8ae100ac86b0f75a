import { isAbsolute, join, posix } from 'node:path'
import { expandSettings, isExpandable } from '../config/expand.js'
import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import type { GuestParts } from './guest-parts.js'

/** What an image plan needs of a profile. */
export type ImageProfile = Pick<Profile, 'name' | 'folder' | 'image' | 'requires'>

/** One thing that shall go into the image. `quiet`: rapido's own wish, not worth a note where it is missing. */
export interface Wish {
  name: string
  need: 'required' | 'optional' | 'quiet'
}

/** Everything that shall go into an image, rapido's own parts and the profile's, each once. */
export interface ImageParts {
  programs: Wish[] // names for PATH, names of libraries, or absolute paths
  trees: TreePart[]
  includes: IncludePart[]
  drivers: Wish[]
  dracutModules: string[]
  kernelOptions: string[]
}

/** Paths are absolute; a `to` with a slash at its end is a folder to put a file into. */
export interface IncludePart {
  from: string
  to: string
  by: 'rapido' | 'profile'
}

/** A folder that is archived apart. Paths are absolute. */
export interface TreePart {
  from: string
  to: string
  leaveOut: string[] // names; `*` stands for any text
  /** Of what has such a path, from the tree's top, that alone which has one of these, or one of these, a dot and more. */
  only?: { of: RegExp; paths: ReadonlySet<string> }
}

/**
 * Joins the lists of rapido's own parts and of a profile. Paths are taken from the profile's folder, and `{ceph.src}`
 * in them stands for that setting. Throws RapidoError('usage') for a setting that is not set or a place that is not free.
 */
export function imageParts(profile: ImageProfile, guest: GuestParts, settings: Settings): ImageParts {
  const { image } = profile
  const path = (written: string) => fromProfile(profile, expandSettings(written, settings))
  const program = (written: string) => (written.includes('/') ? path(written) : written)
  const dracutModules = [...new Set(['bash', ...image.dracut_modules])]
  return {
    programs: once([
      ...wishes('required', [...guest.install, ...image.install.map(program)]),
      ...wishes(
        'required',
        dracutModules.flatMap((name) => programsOfModule[name] ?? []),
      ),
      // One that names a setting is for those who have set it.
      ...wishes('optional', image.install_optional.filter((name) => isExpandable(name, settings)).map(program)),
      ...wishes('quiet', guest.install_optional),
    ]),
    trees: image.trees.map(({ from, to, leave_out }) => ({
      from: path(from),
      to: posix.normalize(to).replace(/(.)\/$/, '$1'),
      leaveOut: leave_out,
    })),
    includes: joinIncludes(
      guest.include,
      image.include.map(({ from, to }) => ({ from: path(from), to: posix.normalize(`/${to}`) })),
      profile,
    ),
    drivers: once([
      ...wishes('required', [...guest.drivers, ...image.drivers]),
      ...wishes('optional', image.drivers_optional),
      ...wishes('quiet', guest.drivers_optional),
    ]),
    dracutModules,
    kernelOptions: profile.requires.kernel,
  }
}

/** dracut refuses these modules without saying which of their programs is missing. */
const programsOfModule: Record<string, string[]> = {
  multipath: ['multipath', 'kpartx', 'dmsetup'],
  dm: ['dmsetup'],
  lvm: ['lvm'],
  mdraid: ['mdadm'],
  crypt: ['cryptsetup'],
  btrfs: ['btrfs'],
  iscsi: ['iscsiadm', 'iscsid', 'iscsi-iname'],
  nbd: ['nbd-client'],
}

function wishes(need: Wish['need'], names: string[]): Wish[] {
  return names.map((name) => ({ name, need }))
}

/** The first wish for a name stands: required ones come first. */
function once(all: Wish[]): Wish[] {
  const byName = new Map<string, Wish>()
  for (const wish of all) if (!byName.has(wish.name)) byName.set(wish.name, wish)
  return [...byName.values()]
}

function fromProfile(profile: ImageProfile, path: string): string {
  const absolute = isAbsolute(path) ? posix.normalize(path) : join(profile.folder, path)
  return absolute.replace(/(.)\/$/, '$1')
}

/** The profile's include wins where both name a place, but for what the guest cannot do without. */
function joinIncludes(
  own: GuestParts['include'],
  profiles: GuestParts['include'],
  profile: ImageProfile,
): IncludePart[] {
  for (const { to } of profiles) {
    if (to !== '/init' && !to.startsWith('/usr/lib/rapido')) continue
    throw new RapidoError('usage', `profile "${profile.name}": image.include to "${to}": that place is rapido's own`, {
      hint: 'choose another place in the image',
    })
  }
  const all = [
    ...own.map((include) => ({ ...include, by: 'rapido' as const })),
    ...profiles.map((include) => ({ ...include, by: 'profile' as const })),
  ]
  return [...new Map(all.map((include) => [include.to, include])).values()]
}
