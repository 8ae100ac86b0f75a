import { describe, expect, test } from 'vitest'
import { payloadOf, unpackerOf } from '../../../src/image/bzimage.js'

/** A bzImage with `payload` in it, and the unpacked size behind that. */
function bzImage(payload: Buffer, unpackedBytes: number): Buffer {
  const setupSectors = 2
  const start = 0x40 // of the payload, in the protected-mode part
  const file = Buffer.alloc((setupSectors + 1) * 512 + start + payload.length + 4)
  file.writeUInt8(setupSectors, 0x1f1)
  file.write('HdrS', 0x202, 'latin1')
  file.writeUInt16LE(0x20f, 0x206)
  file.writeUInt32LE(start, 0x248)
  file.writeUInt32LE(payload.length + 4, 0x24c)
  payload.copy(file, (setupSectors + 1) * 512 + start)
  file.writeUInt32LE(unpackedBytes, file.length - 4)
  return file
}

const reader = (file: Buffer) => (offset: number, bytes: number) => file.subarray(offset, offset + bytes)

describe('the payload of a bzImage', () => {
  test('is found by the header, with its unpacked size', () => {
    const file = bzImage(Buffer.from('packed'), 123_456)
    const payload = payloadOf(file, reader(file))
    expect(payload).toEqual({ offset: 1536 + 0x40, length: 10, unpackedBytes: 123_456 })
    expect(file.toString('latin1', payload?.offset, (payload?.offset ?? 0) + 6)).toBe('packed')
  })

  test.each<[string, (file: Buffer) => Buffer]>([
    ['that is no boot image', (file) => file.fill(0, 0x202, 0x206)],
    [
      'of a protocol older than the field',
      (file) => {
        file.writeUInt16LE(0x207, 0x206)
        return file
      },
    ],
    ['that is cut short in its header', (file) => file.subarray(0, 0x200)],
    ['that is cut short in its payload', (file) => file.subarray(0, file.length - 2)],
  ])('is not found in a file %s', (_, damage) => {
    const file = damage(bzImage(Buffer.from('packed'), 1))
    expect(payloadOf(file, reader(file))).toBeUndefined()
  })
})

test.each<[string, string, string | undefined, number]>([
  ['1f8b0800', 'gzip', 'gzip', 0],
  ['fd377a585a00', 'xz', 'xz', 4],
  ['28b52ffd', 'zstd', 'zstd', 4],
  ['02214c18', 'lz4', 'lz4', 4],
  ['425a6839', 'bzip2', 'bzip2', 4],
  ['5d00000080', 'lzma', 'xz', 4],
  ['894c5a4f', 'lzo', 'lzop', 4],
])('what begins with %s (%s) is unpacked by %s, without the %i bytes behind it', (magic, _, program, behind) => {
  const unpacker = unpackerOf(Buffer.from(magic, 'hex'))
  expect(unpacker?.command[0]).toBe(program)
  expect(unpacker?.behind).toBe(behind)
})

test('an unknown compression has no unpacker', () => {
  expect(unpackerOf(Buffer.from('7f454c46', 'hex'))).toBeUndefined()
})
