import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { UserspacePlan } from '../plan/layers.js'
import { readPiece } from './file-bytes.js'
import type { ImageTree } from './image-tree.js'

/**
 * The files that an image hangs on without their being in it: dracut's scripts and those of its modules that had a
 * part in it, and the indexes of the kernel's modules.
 */
export function dracutInputs(plan: UserspacePlan, tree: ImageTree, fd: number): string[] {
  const { program, base, kernel } = plan.dracut
  const modules = new Set(['bash', ...plan.dracut.with, ...modulesUsed(tree, fd)])
  const modulesFolder = join(base, 'modules.d')
  return [
    program,
    ...filesIn(base),
    ...foldersIn(modulesFolder)
      .filter((name) => modules.has(name.replace(/^\d\d/, '')))
      .flatMap((name) => filesIn(join(modulesFolder, name))),
    ...(kernel?.modulesDir === undefined ? [] : filesIn(kernel.modulesDir)),
  ]
}

/** dracut writes the names of its modules, those that others called for included, into the image. */
function modulesUsed(tree: ImageTree, fd: number): string[] {
  const path = tree.resolve('/lib/dracut/modules.txt')
  const entry = path === undefined ? undefined : tree.entries.get(path)
  if (entry === undefined) return []
  return readPiece({ fd, offset: entry.data, size: entry.size }).toString().split('\n').filter(Boolean)
}

/** Those of a folder itself. */
export function filesIn(folder: string): string[] {
  return entriesIn(folder)
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(folder, entry.name))
}

function foldersIn(folder: string): string[] {
  return entriesIn(folder)
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => entry.name)
}

function entriesIn(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
