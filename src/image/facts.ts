import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../config/schema.js'
import { installCommand, packageManager, providerOf } from '../host/packages.js'
import { isReadable, kindOf, libraryFinder, programFinder } from '../host/programs.js'
import type { GuestParts } from '../plan/guest-parts.js'
import { isLibrary } from '../plan/image.js'
import type { DracutFacts, FoundInclude, FoundPath, ImageFacts } from '../plan/image-facts.js'
import { type ImageProfile, imageParts } from '../plan/image-parts.js'

/** Finds programs and libraries of this host by name, each looked for once; an absolute path is what it says. */
export function fileFinder(): (name: string) => string | undefined {
  const findProgram = programFinder()
  const findLibrary = libraryFinder()
  const found = new Map<string, string | undefined>()
  return (name) => {
    if (name.startsWith('/')) return name
    if (!found.has(name)) found.set(name, isLibrary(name) ? findLibrary(name) : findProgram(name))
    return found.get(name)
  }
}

/**
 * Looks for everything that a profile's image asks for, and for dracut. Takes a few milliseconds, starts nothing. `find` is for
 * who looks for many profiles.
 */
export function gatherImageFacts(
  input: { profile: ImageProfile; guest: GuestParts; settings: Settings },
  find = fileFinder(),
): ImageFacts {
  const parts = imageParts(input.profile, input.guest, input.settings)
  const manager = packageManager()
  const programs = Object.fromEntries(parts.programs.map(({ name }) => [name, lookAt(find(name))]))
  const missing = parts.programs.map(({ name }) => name).filter((name) => programs[name] === undefined)
  return {
    programs,
    includes: Object.fromEntries(parts.includes.map(({ from }) => [from, lookAtInclude(from)])),
    providers: Object.fromEntries(missing.map((name) => [name, providerOf(name, manager)])),
    packageCommand: installCommand(manager, []),
    dracut:
      input.settings.image.dracut_src === undefined
        ? (lookAtDracut(find('dracut')) ?? {
            problem: 'not on this host',
            remedy: providerOf('dracut', manager),
          })
        : lookAtTree(input.settings.image.dracut_src),
  }
}

function lookAt(path: string | undefined): FoundPath | undefined {
  const kind = path === undefined ? undefined : kindOf(path)
  return path !== undefined && (kind === 'file' || kind === 'folder') ? { path, kind } : undefined
}

function lookAtInclude(from: string): FoundInclude {
  const kind = kindOf(from)
  if (kind === undefined) return 'nothing'
  if (kind !== 'something else' && !isReadable(from)) return 'unreadable'
  return kind === 'file' && isExecutable(from) ? 'executable' : kind
}

/** By anybody. */
function isExecutable(path: string): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o111) !== 0
}

function lookAtDracut(program: string | undefined): DracutFacts | undefined {
  if (program === undefined) return undefined
  const base = '/usr/lib/dracut'
  return { ...lookAtScripts(base), program, installer: fileAt(join(base, 'dracut-install')), local: false }
}

function lookAtTree(src: string): ImageFacts['dracut'] {
  const here = `image.dracut_src ${src}`
  const program = join(src, 'dracut.sh')
  if (kindOf(program) === undefined) return { problem: `${here} is not a dracut source tree: no dracut.sh` }
  const installer = fileAt(join(src, 'dracut-install')) ?? fileAt(join(src, 'src/install/dracut-install'))
  if (installer === undefined) {
    return { problem: `${here} has not been built: no dracut-install; run \`./configure && make\` there` }
  }
  return { ...lookAtScripts(src), program, installer, local: true }
}

function fileAt(path: string): string | undefined {
  return kindOf(path) === 'file' ? path : undefined
}

function lookAtScripts(base: string): Omit<DracutFacts, 'program' | 'installer' | 'local'> {
  return {
    base,
    version: readVersion(join(base, 'dracut-version.sh')),
    modules: names(join(base, 'modules.d')).map((name) => name.replace(/^\d\d/, '')),
    distributionConf: names(join(base, 'dracut.conf.d')).filter((name) => name.endsWith('.conf')),
  }
}

/** The file holds DRACUT_VERSION=059-4. A tree may not have it before `make`. */
function readVersion(path: string): string {
  try {
    return /^DRACUT_VERSION=(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
