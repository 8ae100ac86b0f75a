/**
 * Whether two ELF files are the same but for what `strip -g` takes away: every section that is loaded is equal. False
 * for anything that is not ELF.
 */
export function sameButForDebugInfo(one: Buffer, other: Buffer): boolean {
  const left = loadedSections(one)
  const right = loadedSections(other)
  if (left === undefined || right === undefined || left.length === 0 || left.length !== right.length) return false
  return left.every((section, i) => section.name === right[i]?.name && section.bytes.equals(right[i].bytes))
}

interface Section {
  name: string
  bytes: Buffer
}

/** elf(5), 64 bits and little endian: all that a rapido guest runs. */
function loadedSections(file: Buffer): Section[] | undefined {
  if (file.length < 64 || file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return undefined
  const table = Number(file.readBigUInt64LE(40))
  const headerBytes = file.readUInt16LE(58)
  const count = file.readUInt16LE(60)
  if (headerBytes < 64 || table + count * headerBytes > file.length) return undefined

  const headers = Array.from({ length: count }, (_, i) => readHeader(file, table + i * headerBytes))
  const names = headers[file.readUInt16LE(62)]
  if (names === undefined) return undefined
  return headers
    .filter(({ type, flags }) => (flags & loaded) !== 0 && type !== withoutBytes)
    .map((header): Section => {
      const start = names.offset + header.name
      return {
        name: file.toString('latin1', start, file.indexOf(0, start)),
        bytes: file.subarray(header.offset, header.offset + header.size),
      }
    })
}

const loaded = 2 // SHF_ALLOC
const withoutBytes = 8 // SHT_NOBITS

function readHeader(file: Buffer, at: number) {
  return {
    name: file.readUInt32LE(at),
    type: file.readUInt32LE(at + 4),
    flags: Number(file.readBigUInt64LE(at + 8) & 0xffn),
    offset: Number(file.readBigUInt64LE(at + 24)),
    size: Number(file.readBigUInt64LE(at + 32)),
  }
}
