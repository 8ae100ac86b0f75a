import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'

/** A piece of an open file. */
export interface Piece {
  fd: number
  offset: number
  size: number
}

/** Calls `use` with an open file, and closes it. */
export function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r')
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** sha256 in hex of the parts of a file that stand behind each other. */
export function sha256Parts(path: string, parts: { bytes: number }[]): string[] {
  return withFile(path, (fd) => parts.map(({ bytes }) => hashWhile(fd, () => {}, bytes)))
}

/** Appends a file to an open one. */
export function copyFrom(path: string, out: number): void {
  withFile(path, (fd) => {
    for (;;) {
      const count = readSync(fd, oneChunk, 0, oneChunk.length, null)
      if (count === 0) return
      writeAll(out, oneChunk.subarray(0, count))
    }
  })
}

/** Writes all bytes, in as many calls as it takes. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

/** sha256 of a file, and whether a piece of another one holds the same bytes. */
export function hashAndCompare(path: string, piece: Piece | undefined): { sha256: string; same: boolean } {
  let same = piece !== undefined
  let total = 0
  const sha256 = withFile(path, (fd) =>
    hashWhile(fd, (chunk) => {
      if (same && piece !== undefined) same = total + chunk.length <= piece.size && sameAt(piece, total, chunk)
      total += chunk.length
    }),
  )
  return { sha256, same: same && total === piece?.size }
}

/** All bytes of a piece. */
export function readPiece({ fd, offset, size }: Piece): Buffer {
  const bytes = Buffer.alloc(size)
  for (let done = 0; done < size; ) {
    const count = readSync(fd, bytes, done, size - done, offset + done)
    if (count === 0) throw new Error('the file ends too early')
    done += count
  }
  return bytes
}

// Shared, for everything here is synchronous; one of their own for each of a thousand files would take a second.
const oneChunk = Buffer.allocUnsafeSlow(256 * 1024)
const otherChunk = Buffer.allocUnsafeSlow(256 * 1024)

/** Reads on from where the file was read last, to its end or so many bytes. */
function hashWhile(fd: number, see: (chunk: Buffer) => void, bytes = Number.POSITIVE_INFINITY): string {
  const hash = createHash('sha256')
  for (let left = bytes; ; ) {
    const count = left === 0 ? 0 : readSync(fd, oneChunk, 0, Math.min(oneChunk.length, left), null)
    if (count === 0) return hash.digest('hex')
    left -= count
    const chunk = oneChunk.subarray(0, count)
    hash.update(chunk)
    see(chunk)
  }
}

function sameAt(piece: Piece, at: number, chunk: Buffer): boolean {
  const count = readSync(piece.fd, otherChunk, 0, chunk.length, piece.offset + at)
  return count === chunk.length && chunk.equals(otherChunk.subarray(0, count))
}
