import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import type { CpioEntry } from './cpio.js'
import { layerBytes } from './cpio-write.js'
import type { Examined } from './examine.js'
import { writeAll } from './file-bytes.js'
import { withFolders } from './folders-above.js'
import { imageTree } from './image-tree.js'
import type { Part } from './manifest.js'

/**
 * Writes the userspace that is kept: what dracut made, without what is withheld, and behind it what dracut did not put
 * where it should be. Mode 0600.
 */
export function assembleUserspace(
  from: { fd: number; entries: CpioEntry[]; examined: Pick<Examined, 'overlay' | 'withheld'> },
  path: string,
): Part {
  const out = openSync(path, 'wx', 0o600)
  const hash = createHash('sha256')
  let bytes = 0
  const write = (chunk: Buffer) => {
    writeAll(out, chunk)
    hash.update(chunk)
    bytes += chunk.length
  }
  const { overlay, withheld } = from.examined
  try {
    for (const { start, end } of keptRanges(from.entries, withheld)) copyRange(from.fd, start, end, write)
    write(layerBytes(withFolders(overlay, imageTree(from.entries))))
  } finally {
    closeSync(out)
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Neighbours in one piece: without anything withheld that is the whole archive but its end. */
function keptRanges(entries: CpioEntry[], withheld: CpioEntry[]): { start: number; end: number }[] {
  const out = new Set(withheld)
  const ranges: { start: number; end: number }[] = []
  for (const { start, end } of entries.filter((entry) => !out.has(entry))) {
    const last = ranges.at(-1)
    if (last?.end === start) last.end = end
    else ranges.push({ start, end })
  }
  return ranges
}

function copyRange(fd: number, start: number, end: number, write: (chunk: Buffer) => void): void {
  const buffer = Buffer.alloc(Math.min(1024 * 1024, end - start))
  for (let at = start; at < end; ) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at)
    if (count === 0) throw new Error('the image became shorter while it was read')
    write(buffer.subarray(0, count))
    at += count
  }
}
