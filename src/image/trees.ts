import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { RapidoError } from '../errors.js'
import { holdFolder } from '../host/hold.js'
import { makeFolder } from '../host/make-folder.js'
import type { ImagePlan } from '../plan/image.js'
import type { TreePart } from '../plan/image-parts.js'
import { cacheFiles, cacheUnusable, requireOwn } from './cache-files.js'
import { cpioEnd, cpioRecord, type NewEntry } from './cpio-write.js'
import { writeAll } from './file-bytes.js'
import { lookAt, stampOf } from './inputs.js'

/**
 * The image with the trees of its plan behind it, from the cache or made there: the kernel unpacks one archive after
 * the other. To look at ten thousand files takes a tenth of a second, to archive 40 MB of them a few more. Without
 * trees it is the image itself. Throws RapidoError: 'usage' where a tree is not there, 'host' where it cannot be read.
 */
export async function joinTrees(
  image: string,
  plan: Pick<ImagePlan, 'trees' | 'key'>,
  options: { cacheDir: string; signal?: AbortSignal | undefined },
): Promise<string> {
  if (plan.trees.length === 0) return image
  const folder = cacheFiles(options.cacheDir).joined
  const held = await hold(plan.key, options)
  try {
    makeFolder(folder)
    for (let attempt = 1; ; attempt++) {
      const entries = plan.trees.flatMap(entriesOf)
      const path = join(folder, `${plan.key.slice(0, 16)}-${nameOf(image, entries)}.img`)
      if (isThere(path)) return path
      const temporary = join(held.path, 'joined.img')
      writeJoined(image, entries, temporary)
      if (nameOf(image, plan.trees.flatMap(entriesOf)) === nameOf(image, entries)) {
        renameSync(temporary, path)
        removeOthers(folder, path)
        return path
      }
      if (attempt === attempts) throw neverRests(plan.trees)
    }
  } catch (error) {
    throw cacheUnusable(error, options.cacheDir)
  } finally {
    await held.release()
  }
}

const attempts = 3

async function hold(key: string, { cacheDir, signal }: { cacheDir: string; signal?: AbortSignal | undefined }) {
  const held = await holdFolder(cacheFiles(cacheDir).build(`joined-${key}`), { wait: true, signal })
  if (held === undefined) throw new Error('a folder that was waited for is held')
  return held
}

/** A file, link or folder of a tree. */
interface TreeEntry {
  from: string // in the host
  to: string // in the guest
  kind: 'file' | 'folder' | 'link'
  mode: number
  stamp: string
}

function entriesOf(tree: TreePart): TreeEntry[] {
  const names = tree.leaveOut.map((name) => name.split('*').map(escaped).join('.*')).join('|')
  const isLeftOut = new RegExp(`^(${names})$`)
  if (!isFolder(tree.from)) {
    throw new RapidoError('usage', `${tree.from} is no folder; it should be ${tree.to} in the guest`)
  }
  const found: TreeEntry[] = [{ from: tree.from, to: tree.to, kind: 'folder', mode: 0o755, stamp: '' }]
  const walk = (from: string, to: string) => {
    for (const name of namesIn(from)) {
      if (tree.leaveOut.length > 0 && isLeftOut.test(name)) continue
      if (!isOneOf(tree.only, `${to}/${name}`.slice(tree.to.length + 1))) continue
      const stat = lookAt(`${from}/${name}`)
      if (stat === undefined) continue // gone a moment ago
      const kind = stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'link' : undefined
      if (kind === undefined) continue
      const entry = { from: `${from}/${name}`, to: `${to}/${name}`, kind, mode: Number(stat.mode & 0o7777n) } as const
      found.push({ ...entry, stamp: kind === 'folder' ? '' : stampOf(stat) }) // a folder's is that of what is in it
      if (kind === 'folder') walk(entry.from, entry.to)
    }
  }
  walk(tree.from, tree.to)
  return found
}

function isOneOf(only: TreePart['only'], path: string): boolean {
  return !only?.of.test(path) || only.paths.has(path) || only.paths.has(path.replace(/\.[^/]*$/, ''))
}

/** Or a link to one: a tree may be on another disk. */
function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (cause) {
    throw unreadable(folder, cause)
  }
}

function unreadable(path: string, cause: unknown): RapidoError {
  return new RapidoError('host', `cannot read ${path}: ${(cause as Error).message}`, { cause })
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function nameOf(image: string, entries: TreeEntry[]): string {
  const hash = createHash('sha256').update(basename(image))
  for (const { to, kind, mode, stamp } of entries) hash.update(`\0${to}\0${kind} ${mode} ${stamp}`)
  return hash.digest('hex').slice(0, 32)
}

/** Whether it is there, and ours; then it counts as used now. */
function isThere(path: string): boolean {
  if (lookAt(path) === undefined) return false
  requireOwn(path)
  const now = new Date()
  utimesSync(path, now, now)
  return true
}

function writeJoined(image: string, entries: TreeEntry[], path: string): void {
  rmSync(path, { force: true })
  copyFileSync(image, path, constants.COPYFILE_FICLONE) // shares the blocks where the file system can
  const out = openSync(path, 'a', 0o600)
  try {
    const known = new Set<string>()
    let inode = 0
    const write = (entry: NewEntry) => writeAll(out, Buffer.concat(cpioRecord(entry, ++inode)))
    for (const entry of entries) {
      for (const folder of foldersAbove(entry.to, known)) write({ kind: 'folder', path: folder, mode: 0o755 })
      if (entry.kind === 'folder') known.add(entry.to)
      write(archived(entry))
    }
    writeAll(out, Buffer.concat(cpioEnd()))
  } finally {
    closeSync(out)
  }
}

function foldersAbove(path: string, known: Set<string>): string[] {
  const folder = path.slice(0, path.lastIndexOf('/'))
  if (folder === '' || known.has(folder)) return []
  known.add(folder)
  return [...foldersAbove(folder, known), folder]
}

function archived({ from, to, kind, mode }: TreeEntry): NewEntry {
  try {
    if (kind === 'folder') return { kind, path: to, mode }
    if (kind === 'link') return { kind, path: to, target: readlinkSync(from) }
    return { kind, path: to, mode, data: readFileSync(from) }
  } catch (cause) {
    throw unreadable(from, cause)
  }
}

/** Of one plan only the newest is kept: another run opens its own in the moment after it asked. */
function removeOthers(folder: string, path: string): void {
  const prefix = basename(path).slice(0, 17)
  for (const name of readdirSync(folder)) {
    const other = join(folder, name)
    if (!name.startsWith(prefix) || other === path) continue
    const usedMsAgo = Date.now() - Number(lookAt(other)?.mtimeMs ?? 0n)
    if (usedMsAgo > 60_000) rmSync(other, { force: true })
  }
}

function neverRests(trees: TreePart[]): RapidoError {
  const names = trees.map(({ from }) => from).join(' or ')
  return new RapidoError('host', `something in ${names} changed each time while it was archived`, {
    hint: 'try again when whatever writes there, such as `make`, is done',
  })
}
