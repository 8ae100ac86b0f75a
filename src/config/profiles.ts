import { existsSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import { packageFile } from '../host/package-root.js'
import { readDocument, shownPath } from './document.js'
import { namedSettings } from './expand.js'
import { findMistakes, type Mistake } from './explain.js'
import { nearest } from './nearest.js'
import { type UserFolders, xdgFolder } from './paths.js'
import type { Profile, ProfileOrigin } from './profile.js'
import { profileSchema } from './profile-schema.js'
import { extended, hostPath, withAbsolutePaths } from './profile-table.js'
import type { TomlTable } from './toml.js'

/** Where to look for profiles from. */
export interface ProfileSearch extends UserFolders {
  cwd: string
}

/** A profile in `rapido list`. */
export interface ProfileEntry {
  name: string
  summary: string
  folder: string
  origin: ProfileOrigin
  shadowed: boolean // another of this name is found first
  template: boolean // it is only there for others to extend
  extends: string | undefined
  problem: string | undefined // its mistakes, a line each; such a profile cannot be loaded
}

/** All profiles there are, by name, the one that wins before those it shadows. A broken one says so in `problem`. */
export async function listProfiles(search: ProfileSearch): Promise<ProfileEntry[]> {
  const found = await findProfiles(search)
  const entries = await Promise.all(found.map((profile) => describe(profile, search)))
  const firstOf = (name: string) => entries.find((entry) => entry.name === name)
  return entries
    .map((entry) => ({ ...entry, shadowed: firstOf(entry.name) !== entry }))
    .sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0)) // stable: search order stays
}

/**
 * Reads a profile by name. Throws RapidoError('usage') where there is none, or with a line for each mistake in its
 * profile.toml, a missing boot.sh and a missing file to include.
 */
export async function loadProfile(name: string, search: ProfileSearch): Promise<Profile> {
  const found = await findProfiles(search)
  const profile = found.find((candidate) => candidate.name === name)
  if (profile === undefined) throw await unknownProfile(name, found, search)
  return await readProfile(profile, search)
}

type FoundProfile = Pick<Profile, 'name' | 'folder' | 'origin'>

function places(search: ProfileSearch): [ProfileOrigin, string][] {
  return [
    ['project', join(search.cwd, 'profiles')],
    ['user', join(xdgFolder('XDG_CONFIG_HOME', search), 'profiles')],
    ['shipped', packageFile('profiles')],
  ]
}

async function findProfiles(search: ProfileSearch): Promise<FoundProfile[]> {
  const shipped = await realpath(packageFile('profiles')).catch(() => undefined)
  const found: FoundProfile[] = []
  for (const [origin, place] of places(search)) {
    const isShipped = (await realpath(place).catch(() => '')) === shipped // ./profiles, too, in rapido's own tree
    if (isShipped === (origin === 'shipped')) found.push(...(await profilesIn(place, origin)))
  }
  return found
}

async function profilesIn(place: string, origin: ProfileOrigin): Promise<FoundProfile[]> {
  const names = await readdir(place).catch(() => [])
  const profiles = names.map((name) => ({ name, folder: join(place, name), origin }))
  return profiles.filter(({ folder }) => existsSync(join(folder, 'profile.toml')))
}

async function unknownProfile(name: string, found: FoundProfile[], search: ProfileSearch): Promise<RapidoError> {
  for (const [, place] of /^\w[^/]*$/.test(name) ? places(search) : []) {
    const folder = join(place, name)
    if (!existsSync(folder)) continue
    return new RapidoError('usage', `${shownPath(folder, search.cwd)} is no profile: it has no profile.toml`)
  }
  const known = [...new Set(found.map((profile) => profile.name))].sort()
  const meant = nearest(name, known)
  const message = `no profile ${JSON.stringify(name)}${meant === undefined ? '' : `; did you mean "${meant}"?`}`
  return new RapidoError('usage', message, { hint: `there are ${known.join(', ')}; \`rapido list\` says more` })
}

async function describe(profile: FoundProfile, search: ProfileSearch): Promise<Omit<ProfileEntry, 'shadowed'>> {
  try {
    const { summary, template, extends: below } = await readProfile(profile, search)
    return { ...profile, summary, template, extends: below, problem: undefined }
  } catch (error) {
    if (!(error instanceof RapidoError)) throw error
    return { ...profile, summary: '', template: false, extends: undefined, problem: error.message }
  }
}

async function readProfile(profile: FoundProfile, search: ProfileSearch, extending: string[] = []): Promise<Profile> {
  const { table, bootScript } = await readTable(profile, search, extending)
  return { ...profileSchema.parse(table), bootScript, ...profile }
}

/** The table of a profile.toml, checked, its paths absolute, with all of the profile that it extends. */
async function readTable(
  profile: FoundProfile,
  search: ProfileSearch,
  extending: string[],
): Promise<{ table: TomlTable; bootScript: string }> {
  const document = await readDocument(join(profile.folder, 'profile.toml'), search.cwd)
  const base = { folder: profile.folder, home: search.home }
  const mistakes = findMistakes(profileSchema, document.table)
  const lines = document.tell([...mistakes, ...missingIncludes(document.table, base)])
  const own = join(profile.folder, 'boot.sh')
  const hasOwn = existsSync(own)
  if (!hasOwn && needsBootScript(document.table)) {
    lines.push(`${shownPath(own, search.cwd)}: no such file; every profile has one`)
  }
  if (lines.length > 0) throw new RapidoError('usage', lines.join('\n'))
  const table = withAbsolutePaths(document.table, base)
  if (table.extends === undefined) return { table, bootScript: own }
  const below = await readExtended(String(table.extends), profile, { search, extending })
  return { table: extended(below.table, table), bootScript: hasOwn ? own : below.bootScript }
}

/** A group has those of its members, and one that extends another has that one's. */
function needsBootScript({ group, extends: below }: TomlTable): boolean {
  const isGroup = typeof group === 'object' && group !== null && Object.keys(group).length > 0
  return !isGroup && below === undefined
}

/** A profile that extends one of its own name means the next one that is found: it stands over it. */
async function readExtended(
  name: string,
  from: FoundProfile,
  { search, extending }: { search: ProfileSearch; extending: string[] },
): ReturnType<typeof readTable> {
  const what = `profile "${from.name}" extends "${name}"`
  const seen = [...extending, from.folder]
  const found = await findProfiles(search)
  const candidates = found.filter((each) => each.name === name)
  const profile = candidates.find(({ folder }) => !seen.includes(folder))
  if (profile === undefined && candidates.length > 0) throw new RapidoError('usage', `${what}, which extends it`)
  try {
    if (profile === undefined) throw await unknownProfile(name, found, search)
    return await readTable(profile, search, seen)
  } catch (error) {
    if (!(error instanceof RapidoError)) throw error
    throw new RapidoError(error.code, `${what}: ${error.message}`, { hint: error.hint, cause: error })
  }
}

/** The files to include that are not there, as far as the file tells: it may have any other mistake as well. */
function missingIncludes(table: TomlTable, base: { folder: string; home: string }): Mistake[] {
  return ['image', 'boot'].flatMap((part) => {
    const include = (table[part] as TomlTable | undefined)?.include
    return (Array.isArray(include) ? include : []).flatMap((entry, index): Mistake[] => {
      const from: unknown = entry?.from
      if (typeof from !== 'string' || from === '' || namedSettings(from).length > 0) return []
      const path = hostPath(from, base)
      const message = `${path} does not exist; a relative path starts at the profile's folder`
      return existsSync(path) ? [] : [{ path: [part, 'include', index, 'from'], message }]
    })
  })
}
