import { posix } from 'node:path'
import type { CpioEntry } from './cpio.js'

/** The entries of an image by their path; what comes later wins, as in the kernel. */
export interface ImageTree {
  entries: ReadonlyMap<string, CpioEntry>
  /** The path of the entry that a path leads to, through links; undefined where it leads nowhere. */
  resolve(path: string): string | undefined
  /** The place that a file written to `path` gets: links among its folders followed, its own not. */
  place(path: string): string
}

export function imageTree(list: CpioEntry[]): ImageTree {
  const entries = new Map(list.map((entry) => [entry.path, entry]))
  const walk = (path: string, links: number): string => {
    const folder = posix.dirname(path)
    const at = folder === path ? path : posix.join(walk(folder, links), posix.basename(path))
    const entry = entries.get(at)
    if (entry?.kind !== 'link' || links === 0) return at
    return walk(posix.resolve(posix.dirname(at), entry.target ?? ''), links - 1)
  }
  return {
    entries,
    resolve: (path) => {
      const found = walk(posix.normalize(path), 40)
      return entries.has(found) ? found : undefined
    },
    place: (path) => posix.join(walk(posix.dirname(path), 40), posix.basename(path)),
  }
}
