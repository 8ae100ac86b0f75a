import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Piece } from './file-bytes.js'
import { unreadable } from './includes.js'
import { type Input, type TakenInput, takeInput } from './inputs.js'

/** Collects what an image was made of, and notices what changed while it was made. */
export interface InputRecord {
  /** Takes down a link as such, or a folder's list of names. */
  take(path: string): void
  /** Takes down a file, with the links that lead to it; true where it is the same as `piece`. */
  takeFile(path: string, piece?: Piece): boolean
  /** The same, but takes nothing down where the file is the same as `piece`. */
  takeUnlessSame(path: string, piece: Piece): boolean
  /** Takes down an included file and returns its bytes. Throws RapidoError('host') where it cannot be read. */
  read(path: string): Buffer
  inputs(): Input[]
  raced(): string[]
}

/**
 * A file that is not the same as what dracut took of it, or of which that cannot be told, counts as raced if it
 * changed since `startedAtMs`, or since `before` (stamps by path) where a clock of another machine made its time.
 */
export function inputRecord(startedAtMs: number, before: ReadonlyMap<string, string>): InputRecord {
  const inputs = new Map<string, Input>()
  const raced = new Set<string>()
  const add = ({ path, stamp, content, same, changedAtMs }: TakenInput) => {
    inputs.set(path, { path, stamp, content })
    if (!same && changedAtMs >= startedAtMs - clockTickMs && before.get(path) !== stamp) raced.add(path)
  }
  const follow = (path: string, piece: Piece | undefined): TakenInput | undefined => {
    let taken = takeInput(path, piece)
    for (let links = 0; links < 40 && taken?.content.startsWith('link '); links++) {
      add(taken)
      taken = takeInput(resolve(dirname(taken.path), taken.content.slice('link '.length)), piece)
    }
    return taken
  }
  return {
    take: (path) => {
      const taken = takeInput(path)
      if (taken !== undefined) add(taken)
    },
    takeFile: (path, piece) => {
      const taken = follow(path, piece)
      if (taken !== undefined) add(taken)
      return taken?.same ?? false
    },
    takeUnlessSame: (path, piece) => {
      const taken = follow(path, piece)
      if (taken !== undefined && !taken.same) add(taken)
      return taken?.same ?? false
    },
    read: (path) => {
      const bytes = readIncluded(path)
      const taken = follow(path, undefined)
      const same = taken?.content.endsWith(createHash('sha256').update(bytes).digest('hex')) ?? false
      if (taken !== undefined) add({ ...taken, same: true }) // whenever it changed: these are its bytes
      if (!same) raced.add(path)
      return bytes
    },
    inputs: () => [...inputs.values()].sort((one, other) => (one.path < other.path ? -1 : 1)),
    raced: () => [...raced],
  }
}

function readIncluded(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw unreadable(cause, path)
  }
}

/** The kernel stamps files with the time of its last tick. */
const clockTickMs = 20
