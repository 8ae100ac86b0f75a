import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { NewEntry } from './cpio-write.js'

/** Something that dracut-install left below a root, and where it is there. */
export interface Installed {
  entry: NewEntry
  from: string
}

/** Lists all that is below a root, by name; links in the root itself are no part of it, for another layer has them. */
export function installedBelow(root: string): Installed[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => walk(join(root, name), `/${name}`))
}

function walk(from: string, path: string): Installed[] {
  const below = readdirSync(from, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1))
  return [
    { entry: { kind: 'folder', path, mode: 0o755 }, from }, // whatever our umask is
    ...below.flatMap((entry): Installed[] => {
      const [source, place] = [join(from, entry.name), `${path}/${entry.name}`]
      if (entry.isDirectory()) return walk(source, place)
      if (entry.isSymbolicLink()) {
        return [{ entry: { kind: 'link', path: place, target: readlinkSync(source) }, from: source }]
      }
      const mode = statSync(source).mode & 0o7777
      return [{ entry: { kind: 'file', path: place, mode, data: readFileSync(source) }, from: source }]
    }),
  ]
}
