import { describe, expect, test } from 'vitest'
import { sameButForDebugInfo } from '../../../src/image/elf.js'

const text = { name: '.text', loaded: true, bytes: Buffer.from('code') }
const data = { name: '.data', loaded: true, bytes: Buffer.from('data') }
const debug = { name: '.debug_info', loaded: false, bytes: Buffer.from('lines, types, names') }

describe('two programs are the same but for debug information', () => {
  test.each([
    ['with and without it', [text, data, debug], [text, data], true],
    ['when they are equal', [text, data], [text, data], true],
    ['not with other code', [text, data, debug], [{ ...text, bytes: Buffer.from('CODE') }, data], false],
    ['not without a section that is loaded', [text, data], [text], false],
    ['not with a section of another name', [text], [{ ...text, name: '.init' }], false],
    ['not with nothing that is loaded', [debug], [debug], false],
  ])('%s', (_, one, other, expected) => {
    expect(sameButForDebugInfo(elf(one), elf(other))).toBe(expected)
  })
})

test.each([
  ['a script', Buffer.from('#!/bin/sh\nexit 0\n'.repeat(10))],
  ['nothing', Buffer.alloc(0)],
  ['a program that was cut off', elf([text, debug]).subarray(0, 90)],
])('%s is not ELF', (_, bytes) => {
  expect(sameButForDebugInfo(bytes, bytes)).toBe(false)
})

/** The smallest ELF file with these sections: header, contents, names, section headers. */
function elf(sections: { name: string; loaded: boolean; bytes: Buffer }[]): Buffer {
  const names = Buffer.from(sections.map(({ name }) => `${name}\0`).join(''))
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01', 'latin1')
  const contents: Buffer[] = [header]
  const headers: Buffer[] = []
  let nameAt = 0
  const add = (bytes: Buffer, name: number, loaded: boolean) => {
    const section = Buffer.alloc(64)
    section.writeUInt32LE(name, 0)
    section.writeUInt32LE(1, 4)
    section.writeBigUInt64LE(loaded ? 2n : 0n, 8)
    section.writeBigUInt64LE(BigInt(Buffer.concat(contents).length), 24)
    section.writeBigUInt64LE(BigInt(bytes.length), 32)
    headers.push(section)
    contents.push(bytes)
  }
  for (const { name, loaded, bytes } of sections) {
    add(bytes, nameAt, loaded)
    nameAt += name.length + 1
  }
  add(names, nameAt - 1, false)
  header.writeBigUInt64LE(BigInt(Buffer.concat(contents).length), 40)
  header.writeUInt16LE(64, 58)
  header.writeUInt16LE(headers.length, 60)
  header.writeUInt16LE(headers.length - 1, 62)
  return Buffer.concat([...contents, ...headers])
}
