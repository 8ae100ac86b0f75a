import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { posix } from 'node:path'
import type { ImagePlan } from '../plan/image.js'
import type { CpioEntry } from './cpio.js'
import { type NewEntry, writeCpio } from './cpio-write.js'
import type { Examined } from './examine.js'

/**
 * Writes the image that is kept: what dracut made, without what is withheld, and behind it an archive of our own, whose
 * files replace those before. Mode 0600. Returns its size and sha256.
 */
export function assembleImage(
  plan: ImagePlan,
  from: { fd: number; entries: CpioEntry[]; examined: Pick<Examined, 'overlay' | 'withheld'> },
  path: string,
): { bytes: number; sha256: string } {
  const out = openSync(path, 'wx', 0o600)
  const hash = createHash('sha256')
  let bytes = 0
  const write = (chunk: Buffer) => {
    for (let done = 0; done < chunk.length; ) done += writeSync(out, chunk, done)
    hash.update(chunk)
    bytes += chunk.length
  }
  try {
    for (const { start, end } of keptRanges(from.entries, from.examined.withheld)) copyRange(from.fd, start, end, write)
    write(writeCpio(ownEntries(plan, from.entries, from.examined.overlay)))
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

/** dracut makes device nodes for root only; the kernel opens /dev/console before init can mount anything. */
const nodes: NewEntry[] = [
  { kind: 'character device', path: '/dev/console', mode: 0o600, major: 5, minor: 1 },
  { kind: 'character device', path: '/dev/null', mode: 0o666, major: 1, minor: 3 },
]

function ownEntries(plan: ImagePlan, entries: CpioEntry[], overlay: NewEntry[]): NewEntry[] {
  const links = plan.links.map(({ path, target }): NewEntry => ({ kind: 'link', path, target }))
  const known = new Set(entries.map(({ path }) => path))
  return [...nodes, ...links, ...overlay].flatMap((entry) => [...missingFolders(entry.path, known), entry])
}

function missingFolders(path: string, known: Set<string>): NewEntry[] {
  const folder = posix.dirname(path)
  if (folder === '/' || known.has(folder)) return []
  known.add(folder)
  return [...missingFolders(folder, known), { kind: 'folder', path: folder, mode: 0o755 }]
}
