import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

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

/** sha256 of a file in hex, read piece by piece. */
export function sha256File(path: string): string {
  return withFile(path, (fd) => hashWhile(fd, () => {}))
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

function hashWhile(fd: number, see: (chunk: Buffer) => void): string {
  const hash = createHash('sha256')
  for (;;) {
    const count = readSync(fd, oneChunk, 0, oneChunk.length, null)
    if (count === 0) return hash.digest('hex')
    const chunk = oneChunk.subarray(0, count)
    hash.update(chunk)
    see(chunk)
  }
}

function sameAt(piece: Piece, at: number, chunk: Buffer): boolean {
  const count = readSync(piece.fd, otherChunk, 0, chunk.length, piece.offset + at)
  return count === chunk.length && chunk.equals(otherChunk.subarray(0, count))
}
