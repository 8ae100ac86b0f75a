import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import type { PlannedInclude } from '../plan/image.js'

/** One file, link or folder that the includes put into the image. */
export type Included =
  | { kind: 'file'; from: string; to: string; mode: number }
  | { kind: 'link'; from: string; to: string; target: string }
  | { kind: 'folder'; from: string; to: string; mode: number }

/** Lists what the includes put into an image, folders with all that is below them. Sockets and the like are left out. */
export function expandIncludes(includes: PlannedInclude[]): Included[] {
  return includes.flatMap(({ from, to, kind }) => {
    try {
      return kind === 'folder' ? folder(from, to) : [file(from, to)]
    } catch (cause) {
      throw unreadable(cause, from)
    }
  })
}

/** What is included but cannot be read: told as such, with the system's own words. */
export function unreadable(cause: unknown, from: string): RapidoError {
  const said = cause instanceof Error ? cause.message : String(cause)
  return new RapidoError('host', `cannot read the include ${from}: ${said}`, {
    hint: 'make it readable for yourself, or leave it out of image.include',
    cause,
  })
}

function folder(from: string, to: string): Included[] {
  const below = readdirSync(from, { withFileTypes: true }).flatMap((entry): Included[] => {
    const source = join(from, entry.name)
    const place = join(to, entry.name)
    if (entry.isDirectory()) return folder(source, place)
    if (entry.isSymbolicLink()) return [{ kind: 'link', from: source, to: place, target: readlinkSync(source) }]
    return entry.isFile() ? [file(source, place)] : []
  })
  return [{ kind: 'folder', from, to, mode: statSync(from).mode & 0o7777 }, ...below]
}

function file(from: string, to: string): Included {
  return { kind: 'file', from, to, mode: statSync(from).mode & 0o7777 }
}
