import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readCpio } from '../../../src/image/cpio.js'
import { layerBytes, writeCpio } from '../../../src/image/cpio-write.js'
import { readPiece, withFile } from '../../../src/image/file-bytes.js'

const folder = mkdtempSync(join(tmpdir(), 'rapido-cpio-'))
afterAll(() => rmSync(folder, { recursive: true }))

const hello = writeCpio([
  { kind: 'folder', path: '/etc', mode: 0o755 },
  { kind: 'file', path: '/etc/motd', mode: 0o644, data: Buffer.from('hello\n') },
  { kind: 'link', path: '/init', target: 'sbin/init' },
  { kind: 'character device', path: '/dev/console', mode: 0o600, major: 5, minor: 1 },
  { kind: 'file', path: '/empty', mode: 0o4755, data: Buffer.alloc(0) },
])

test('what was written is read back', () => {
  expect(list(hello)).toEqual([
    '/etc folder 755',
    '/etc/motd file 644 hello\n',
    '/init link 777 sbin/init',
    '/dev/console node 600',
    '/empty file 4755 ',
  ])
})

test('archives behind each other, with zeros between, are one list', () => {
  const second = writeCpio([{ kind: 'file', path: '/init', mode: 0o755, data: Buffer.from('#!/bin/sh') }])
  expect(list(Buffer.concat([hello, Buffer.alloc(512), second]))).toContain('/init file 755 #!/bin/sh')
})

test('layers have no end, and joined with one they are one archive', () => {
  const layer = layerBytes([{ kind: 'file', path: '/init', mode: 0o755, data: Buffer.from('#!/bin/sh') }])
  expect(read(layer, (fd) => readCpio(fd, { layer: true })).map(({ path }) => path)).toEqual(['/init'])
  expect(() => list(layer)).toThrow('ends too early')
  expect(list(Buffer.concat([layer, hello])).at(0)).toBe('/init file 755 #!/bin/sh')
})

test('entries and their padding touch each other, so that neighbours can be copied in one piece', () => {
  const entries = read(hello, readCpio)
  for (const [i, { start }] of entries.entries()) if (i > 0) expect(entries[i - 1]?.end).toBe(start)
})

describe("the system's cpio", () => {
  test('lists what we write', () => {
    const said = execFileSync('cpio', ['-it', '--quiet'], { input: hello, encoding: 'utf8' })
    expect(said.trim().split('\n')).toEqual(['etc', 'etc/motd', 'init', 'dev/console', 'empty'])
  })

  test('writes hard links with the data at the last one: each has it', () => {
    const source = join(folder, 'source')
    mkdirSync(source)
    writeFileSync(join(source, 'a'), 'same')
    execFileSync('ln', ['a', 'b'], { cwd: source })
    const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: source, input: 'a\nb\n' })
    expect(list(archive)).toEqual(['/a file 644 same', '/b file 644 same'])
  })
})

test.each([
  ['a compressed image', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])],
  ['an archive that was cut off', hello.subarray(0, hello.length - 200)],
  ['an empty file', Buffer.alloc(0)],
])('%s is refused', (_, bytes) => {
  expect(() => list(bytes)).toThrow(/no cpio archive|ends too early/)
})

function list(bytes: Buffer): string[] {
  return read(bytes, (fd) =>
    readCpio(fd).map(({ path, kind, mode, target, data, size }) => {
      const content = kind === 'file' ? [readPiece({ fd, offset: data, size }).toString()] : []
      return [path, kind, mode.toString(8), ...content, ...(target === undefined ? [] : [target])].join(' ')
    }),
  )
}

function read<T>(bytes: Buffer, use: (fd: number) => T): T {
  const path = join(folder, 'archive')
  writeFileSync(path, bytes)
  return withFile(path, use)
}
