/** The compressed kernel in a bzImage. */
export interface Payload {
  offset: number // bytes, in the file
  length: number
  unpackedBytes: number
}

/** Bytes of a bzImage that payloadOf needs. */
export const headerBytes = 0x250

/**
 * Finds the payload of a bzImage by the fields of its header (Documentation/arch/x86/boot.rst, since protocol 2.08);
 * undefined where this is none. `readAt` reads from the file: the unpacked size stands behind the payload.
 */
export function payloadOf(header: Buffer, readAt: (offset: number, bytes: number) => Buffer): Payload | undefined {
  const isBoot = header.length >= headerBytes && header.toString('latin1', 0x202, 0x206) === 'HdrS'
  if (!isBoot || header.readUInt16LE(0x206) < 0x208) return undefined
  const setupSectors = header.readUInt8(0x1f1) || 4
  const offset = (setupSectors + 1) * 512 + header.readUInt32LE(0x248)
  const length = header.readUInt32LE(0x24c)
  const end = readAt(offset + length - 4, 4)
  if (end.length < 4) return undefined
  return { offset, length, unpackedBytes: end.readUInt32LE(0) }
}

/**
 * The program that unpacks to standard output what begins like this, and how many bytes `behind` the payload are not
 * for it; undefined for a compression not known.
 */
export function unpackerOf(start: Buffer): { command: [file: string, ...args: string[]]; behind: number } | undefined {
  const magic = start.toString('hex', 0, 4)
  const command = unpackers.find(([prefix]) => magic.startsWith(prefix))?.[1]
  // The build appends the unpacked size as four bytes; those of gzip are part of its own format.
  return command && { command, behind: command[0] === 'gzip' ? 0 : 4 }
}

const unpackers: [magic: string, command: [string, ...string[]]][] = [
  ['1f8b', ['gzip', '-dc']],
  ['fd377a58', ['xz', '-dc', '--single-stream']],
  ['28b52ffd', ['zstd', '-dcq']],
  ['02214c18', ['lz4', '-dcq']],
  ['425a68', ['bzip2', '-dc']],
  ['5d0000', ['xz', '-dc', '--format=lzma']],
  ['894c5a4f', ['lzop', '-dcq']],
]
