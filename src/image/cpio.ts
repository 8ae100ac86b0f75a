import { readSync } from 'node:fs'
import { posix } from 'node:path'

/** One entry of an initramfs. Offsets are into the file. */
export interface CpioEntry {
  path: string // absolute: /usr/bin/ls
  kind: 'file' | 'folder' | 'link' | 'node'
  mode: number // permission bits
  start: number // of its header
  end: number // of its padded data
  data: number // offset of its data
  size: number
  target?: string // of a link
}

/**
 * Lists an uncompressed initramfs: one or several archives of the "newc" kind behind each other, as the kernel takes
 * them (Documentation/driver-api/early-userspace/buffer-format.rst). Throws where it is anything else; a layer has no
 * end of an archive, for it is joined with others.
 */
export function readCpio(fd: number, { layer = false } = {}): CpioEntry[] {
  const read = reader(fd)
  const entries: CpioEntry[] = []
  const linked = new Map<number, CpioEntry>() // by inode: only one of several hard links carries the data
  let complete = false
  for (let at = 0; ; ) {
    const start = skipZeros(read, at)
    if (start === undefined && !complete && !layer) throw new Error('the cpio archive ends too early')
    if (start === undefined) return entries
    const header = read(start, headerBytes).toString('latin1')
    if (!/^07070[12][0-9a-f]{104}$/i.test(header)) {
      throw new Error(`no cpio archive at byte ${start}; is the image compressed?`)
    }
    const field = (index: number) => Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16)
    const nameBytes = field(11)
    const size = field(6)
    const name = read(start + headerBytes, nameBytes - 1).toString()
    const data = align(start + headerBytes + nameBytes)
    at = align(data + size)
    complete = name === 'TRAILER!!!'
    if (complete) continue
    const mode = field(1)
    const kind = kinds.get(mode & 0o170000) ?? 'node'
    const entry: CpioEntry = { path: posix.join('/', name), kind, mode: mode & 0o7777, start, end: at, data, size }
    if (kind === 'link') entry.target = read(data, size).toString()
    if (kind === 'file' && field(4) > 1) shareData(entry, linked, field(0))
    entries.push(entry)
  }
}

const headerBytes = 110

const kinds = new Map<number, CpioEntry['kind']>([
  [0o100000, 'file'],
  [0o040000, 'folder'],
  [0o120000, 'link'],
])

const align = (offset: number) => Math.ceil(offset / 4) * 4

function shareData(entry: CpioEntry, linked: Map<number, CpioEntry>, inode: number): void {
  const other = linked.get(inode)
  if (other === undefined) linked.set(inode, entry)
  else if (entry.size === 0) Object.assign(entry, { data: other.data, size: other.size })
  else Object.assign(other, { data: entry.data, size: entry.size })
}

type Read = (offset: number, length: number) => Buffer

/** The archive ends in zeros up to a block, and another may follow. */
function skipZeros(read: Read, from: number): number | undefined {
  for (let at = from; ; at += 4) {
    const word = read(at, 4)
    if (word.length === 0) return undefined
    if (word.some((byte) => byte !== 0)) return at
  }
}

/** Reads short pieces through a window, for a system call each would take longer than all the rest. */
function reader(fd: number): Read {
  const window = Buffer.alloc(256 * 1024)
  let start = 0
  let length = 0
  return (offset, wanted) => {
    if (offset < start || offset + wanted > start + length) {
      start = offset
      length = readSync(fd, window, 0, window.length, offset)
    }
    return Buffer.from(window.subarray(offset - start, Math.min(offset - start + wanted, length)))
  }
}
