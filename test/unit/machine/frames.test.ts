import { describe, expect, test } from 'vitest'
import { encodeFrame, type Frame, FrameReader } from '../../../src/machine/frames.js'

const plain = ({ type, id, payload }: Frame) => [type, id, payload.toString('latin1')]

describe('a frame', () => {
  test.each<[string, number, string | Buffer, string]>([
    ['R', 1, 'ls', '520000000100000002' + '6c73'],
    ['C', 0, '', '430000000000000000'],
    ['X', 0xffffffff, '0', '58ffffffff00000001' + '30'],
    ['O', 258, Buffer.from([0, 255, 10]), '4f0000010200000003' + '00ff0a'],
    ['F', 1, 'ä', '460000000100000002' + 'c3a4'], // the length counts bytes
  ])('%s %i is type, id, length, payload', (type, id, payload, hex) => {
    const frame = encodeFrame(type, id, payload)
    expect(frame.toString('hex')).toBe(hex)
    expect(new FrameReader().push(frame)).toEqual([{ type, id, payload: Buffer.from(payload as string) }])
  })
})

describe('the reader', () => {
  const frames: [string, number, string][] = [
    ['O', 7, 'hello'],
    ['C', 1, ''],
    ['E', 0xfffffffe, '\0\xff RAPIDO1\n \0'],
  ]
  const stream = Buffer.concat(frames.map(([type, id, text]) => encodeFrame(type, id, Buffer.from(text, 'latin1'))))
  const greeted = Buffer.concat([Buffer.from('RAPID RAPIDO1\r noise\nRAPIDO1\n'), stream])

  test('does not mind a cut at any byte', () => {
    for (let at = 0; at <= stream.length; at++) {
      const reader = new FrameReader()
      const read = [...reader.push(stream.subarray(0, at)), ...reader.push(stream.subarray(at))]
      expect(read.map(plain)).toEqual(frames)
    }
  })

  test('does not mind a cut anywhere in the noise, the greeting and what follows', () => {
    for (let first = 0; first <= greeted.length; first++) {
      for (let second = first; second <= greeted.length; second += 3) {
        const reader = new FrameReader('RAPIDO1\n')
        const chunks = [greeted.subarray(0, first), greeted.subarray(first, second), greeted.subarray(second)]
        expect(chunks.flatMap((chunk) => reader.push(chunk)).map(plain)).toEqual(frames)
      }
    }
  })

  test('reads byte by byte', () => {
    const reader = new FrameReader('RAPIDO1\n')
    const read = [...greeted].flatMap((byte) => reader.push(Buffer.from([byte])))
    expect(read.map(plain)).toEqual(frames)
  })

  test('tells nothing until the greeting is there, however much noise comes', () => {
    const reader = new FrameReader('RAPIDO1\n')
    for (let i = 0; i < 4000; i++) expect(reader.push(Buffer.alloc(4096, 'RAPIDO'))).toEqual([])
    expect(reader.push(greeted).map(plain)).toEqual(frames)
  })

  test('hands out a frame as soon as its last byte is there, and no sooner', () => {
    const reader = new FrameReader()
    const frame = encodeFrame('O', 1, 'x'.repeat(100))
    expect(reader.push(frame.subarray(0, -1))).toEqual([])
    expect(reader.push(frame.subarray(-1))).toHaveLength(1)
  })

  test('takes a large frame in many pieces in no time', () => {
    const payload = Buffer.alloc(20 * 1024 * 1024, 'abc')
    const frame = encodeFrame('O', 1, payload)
    const reader = new FrameReader()
    const read: Frame[] = []
    const startedAt = performance.now()
    for (let at = 0; at < frame.length; at += 4096) read.push(...reader.push(frame.subarray(at, at + 4096)))
    expect(read[0]?.payload.equals(payload)).toBe(true)
    expect(performance.now() - startedAt).toBeLessThan(1000) // joining at every piece takes a minute
  })

  test('throws at a length that nobody sends, instead of waiting for it', () => {
    const reader = new FrameReader()
    expect(() => reader.push(Buffer.from('login: root\r\n'))).toThrow(
      "a frame of 975204975 bytes: the stream is not rapido's",
    )
  })
})
