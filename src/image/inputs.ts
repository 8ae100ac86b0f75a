import { createHash } from 'node:crypto'
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { sameButForDebugInfo } from './elf.js'
import { hashAndCompare, type Piece, readPiece } from './file-bytes.js'

/**
 * Something of this host that an image was made of. `stamp` is cheap to look at and changes whenever the thing does;
 * `content` is what counts: permissions and sha256 of a file, target of a link, names in a folder.
 */
export interface Input {
  path: string
  stamp: string
  content: string
}

/** An input as it is now. `same`: a file that equals the piece it was compared with, but for debug information. */
export interface TakenInput extends Input {
  same: boolean
  changedAtMs: number // ctime
}

/** Takes down a path as it is, its own link not followed; undefined where there is no file, link or folder to read. */
export function takeInput(path: string, piece?: Piece): TakenInput | undefined {
  for (let tries = 1; ; tries++) {
    const stat = lookAt(path)
    const found = stat && contentOf(path, stat, piece)
    if (stat === undefined || found === undefined) return undefined
    const stamp = stampOf(stat)
    if (stampOf(lookAt(path)) === stamp)
      return { path, stamp, ...found, changedAtMs: Number(stat.ctimeNs / 1_000_000n) }
    // It was written to in the meantime. What never rests is nothing that an image can be made of.
    if (tries === 5) return { path, stamp: 'changing', content: 'changing', same: false, changedAtMs: Date.now() }
  }
}

/**
 * Compares inputs with what is there now. A new stamp alone changes nothing but the record; the first new content
 * ends it, with the path.
 */
export function compareInputs(inputs: Input[]): { changed: string } | { inputs: Input[]; restamped: boolean } {
  let restamped = false
  const now: Input[] = []
  for (const input of inputs) {
    if (stampOf(lookAt(input.path)) === input.stamp) {
      now.push(input)
      continue
    }
    const taken = takeInput(input.path)
    if (taken?.content !== input.content) return { changed: input.path }
    restamped = true
    now.push({ path: taken.path, stamp: taken.stamp, content: taken.content })
  }
  return { inputs: now, restamped }
}

/** Size, times, inode and mode in one string: to compare those of a thousand files takes some ten milliseconds. */
export function stampOf(stat: BigIntStats | undefined): string {
  return stat === undefined
    ? 'absent'
    : `${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.ino} ${stat.mode.toString(8)}`
}

/** lstat, exact to the nanosecond; undefined where there is nothing, or nothing that we may see. */
export function lookAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function contentOf(path: string, stat: BigIntStats, piece?: Piece): { content: string; same: boolean } | undefined {
  try {
    if (stat.isSymbolicLink()) return { content: `link ${readlinkSync(path)}`, same: false }
    if (stat.isDirectory()) return { content: `folder ${hashOf(readdirSync(path).sort())}`, same: false }
    if (!stat.isFile()) return undefined
    const { sha256, same } = hashAndCompare(path, piece)
    const content = `file ${(stat.mode & 0o7777n).toString(8)} ${sha256}`
    // dracut strips programs and modules, which makes them smaller.
    const stripped = !same && piece !== undefined && piece.size < stat.size
    return { content, same: same || (stripped && sameButForDebugInfo(readFileSync(path), readPiece(piece))) }
  } catch {
    return undefined // gone, or not ours to read
  }
}

function hashOf(names: string[]): string {
  return createHash('sha256').update(names.join('\0')).digest('hex')
}
