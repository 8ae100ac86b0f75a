import { posix } from 'node:path'
import type { NewEntry } from './cpio-write.js'
import type { ImageTree } from './image-tree.js'

/** Puts the folders before entries that `tree` has not, without which the kernel would leave those out. */
export function withFolders(entries: NewEntry[], tree: Pick<ImageTree, 'entries'>): NewEntry[] {
  const known = new Set(tree.entries.keys())
  return entries.flatMap((entry) => [...missingFolders(entry.path, known), entry])
}

function missingFolders(path: string, known: Set<string>): NewEntry[] {
  const folder = posix.dirname(path)
  if (folder === '/' || known.has(folder)) return []
  known.add(folder)
  return [...missingFolders(folder, known), { kind: 'folder', path: folder, mode: 0o755 }]
}
