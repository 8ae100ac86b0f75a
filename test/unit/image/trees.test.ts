import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RapidoError } from '../../../src/errors.js'
import { readCpio } from '../../../src/image/cpio.js'
import { writeCpio } from '../../../src/image/cpio-write.js'
import { readPiece, withFile } from '../../../src/image/file-bytes.js'
import { joinTrees } from '../../../src/image/trees.js'
import type { TreePart } from '../../../src/plan/image-parts.js'

const image = writeCpio([{ kind: 'file', path: '/init', mode: 0o755, data: Buffer.from('#!/bin/sh\n') }])
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-trees-'))
  writeFileSync(at('image'), image)
  write('tree/check', 'echo check\n')
})
afterEach(() => rmSync(root, { recursive: true }))

const at = (name: string) => join(root, name)

function write(name: string, text: string, mode = 0o644): void {
  mkdirSync(join(at(name), '..'), { recursive: true })
  writeFileSync(at(name), text)
  chmodSync(at(name), mode)
}

/** The image with one tree behind it, which is at /opt/x in the guest. */
async function joined(changes: Partial<TreePart> = {}, key = 'a'.repeat(64)): Promise<string> {
  const trees = [{ from: at('tree'), to: '/opt/x', leaveOut: [], ...changes }]
  return await joinTrees(at('image'), { key, trees }, { cacheDir: at('cache') })
}

/** What an image holds: "path kind mode content". */
function contents(path: string): string[] {
  return withFile(path, (fd) =>
    readCpio(fd).map(({ path, kind, mode, data, size, target }) => {
      const content = kind === 'file' ? ` ${readPiece({ fd, offset: data, size })}` : ''
      return `${path} ${kind} ${mode.toString(8)}${content}${target === undefined ? '' : ` ${target}`}`
    }),
  )
}

async function failure(wrong: Promise<string>): Promise<RapidoError> {
  const error = await wrong.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(RapidoError)
  return error as RapidoError
}

test('the joined file is the image, every byte of it, and an archive with the tree behind it', async () => {
  write('tree/src/lstat64', 'program', 0o755)
  write('tree/empty', '')
  symlinkSync('../check', at('tree/src/link'))
  const path = await joined()
  expect(readFileSync(path).subarray(0, image.length)).toEqual(image)
  expect(contents(path)).toEqual([
    '/init file 755 #!/bin/sh\n',
    '/opt folder 755',
    '/opt/x folder 755',
    '/opt/x/check file 644 echo check\n',
    '/opt/x/empty file 644 ',
    '/opt/x/src folder 755',
    '/opt/x/src/link link 777 ../check',
    '/opt/x/src/lstat64 file 755 program',
  ])
})

test('of files of a kind those alone that are wanted, with what goes with them', async () => {
  for (const name of ['001', '001.out', '001.out.big', '002', '002.out', '0011', 'group.list'])
    write(`tree/tests/a/${name}`, '')
  write('tree/src/003', '')
  const only = { of: /^tests\/[^/]+\/\d[^/]*$/, paths: new Set(['tests/a/001']) }
  const names = contents(await joined({ only })).flatMap((line) => line.match(/^\/opt\/x\/(\S+) file/)?.[1] ?? [])
  expect(names).toEqual([
    'check',
    'src/003',
    'tests/a/001',
    'tests/a/001.out',
    'tests/a/001.out.big',
    'tests/a/group.list',
  ])
})

test('without trees it is the image itself, and no cache is made', async () => {
  expect(await joinTrees(at('image'), { key: 'k', trees: [] }, { cacheDir: at('cache') })).toBe(at('image'))
  expect(readdirSync(root)).not.toContain('cache')
})

test('several trees follow each other; a folder above them is there once', async () => {
  write('other/a', 'a')
  const trees = ['tree', 'other'].map((name) => ({ from: at(name), to: `/opt/${name}`, leaveOut: [] }))
  const path = await joinTrees(at('image'), { key: 'k'.repeat(64), trees }, { cacheDir: at('cache') })
  expect(contents(path).map((line) => line.split(' ')[0])).toEqual([
    '/init',
    '/opt',
    '/opt/tree',
    '/opt/tree/check',
    '/opt/other',
    '/opt/other/a',
  ])
})

test.each<[string[], string[]]>([
  [[], ['.git', '.git/x', 'a.o', 'a.oo', 'b.lo', 'check', 'o', 'sub', 'sub/.git', 'sub/c.o']],
  [['.git'], ['a.o', 'a.oo', 'b.lo', 'check', 'o', 'sub', 'sub/c.o']],
  [
    ['.git', '*.o'],
    ['a.oo', 'b.lo', 'check', 'o', 'sub'],
  ],
  [
    ['*o', 'sub*'],
    ['.git', '.git/x', 'check'],
  ],
  [
    ['?.o', 'a.', 'chec'],
    ['.git', '.git/x', 'a.o', 'a.oo', 'b.lo', 'check', 'o', 'sub', 'sub/.git', 'sub/c.o'],
  ],
  [['*'], []],
])('%j leaves %j', async (leaveOut, left) => {
  for (const name of ['.git/x', 'a.o', 'a.oo', 'b.lo', 'o', 'sub/c.o', 'sub/.git']) write(`tree/${name}`, 'x')
  const paths = contents(await joined({ leaveOut })).flatMap((line) => /^\/opt\/x\/(\S+)/.exec(line)?.[1] ?? [])
  expect(paths).toEqual(left)
})

describe('the same tree is the same file', () => {
  test('as long as nothing in it changes', async () => {
    const path = await joined()
    const before = readFileSync(path)
    expect(await joined()).toBe(path)
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(at('cache/joined'))).toHaveLength(1)
  })

  test.each<[string, () => void]>([
    ['another content', () => write('tree/check', 'echo other\n')],
    ['one file more', () => write('tree/new', '')],
    ['one file less', () => rmSync(at('tree/check'))],
    ['another mode', () => chmodSync(at('tree/check'), 0o755)],
    ['a newer file', () => utimesSync(at('tree/check'), 1e9, 1e9)],
    ['an empty folder', () => mkdirSync(at('tree/folder'))],
  ])('and another one with %s', async (_, change) => {
    const path = await joined()
    change()
    const after = await joined()
    expect(after).not.toBe(path)
    expect(contents(after).length).toBeGreaterThan(1)
  })

  test('and another one for another image, another place, another plan', async () => {
    const paths = [await joined(), await joined({ to: '/opt/y' }), await joined({}, 'b'.repeat(64))]
    expect(new Set(paths).size).toBe(3)
  })

  test('and what is left out does not count', async () => {
    const path = await joined({ leaveOut: ['*.o'] })
    write('tree/a.o', 'x')
    expect(await joined({ leaveOut: ['*.o'] })).toBe(path)
  })
})

test('of one plan the older file goes once nobody can be about to open it', async () => {
  const old = await joined()
  const other = await joined({}, 'b'.repeat(64))
  write('tree/check', 'echo 2\n')
  await joined()
  expect(readdirSync(at('cache/joined'))).toHaveLength(3) // it was used a moment ago
  utimesSync(old, new Date(), new Date(Date.now() - 120_000))
  utimesSync(other, new Date(), new Date(Date.now() - 120_000))
  write('tree/check', 'echo 3\n')
  const newest = await joined()
  const left = readdirSync(at('cache/joined')).map((name) => at(`cache/joined/${name}`))
  expect(left).not.toContain(old)
  expect(left).toEqual(expect.arrayContaining([other, newest])) // another plan's stays
})

test('two at once get one file, and both can read all of it', async () => {
  for (let number = 0; number < 50; number++) write(`tree/${number}`, 'x'.repeat(10_000))
  const [one, other] = await Promise.all([joined(), joined()])
  expect(one).toBe(other)
  expect(contents(one as string)).toHaveLength(1 + 3 + 50)
  expect(readdirSync(at('cache'))).toEqual(['joined']) // nothing of the making is left
})

test.each(['nosuch', 'tree/check'])('%s is no folder, and told as such', async (name) => {
  const { code, message } = await failure(joined({ from: at(name) }))
  expect([code, message]).toEqual(['usage', `${at(name)} is no folder; it should be /opt/x in the guest`])
})

test('a tree that is a link to a folder is that folder', async () => {
  symlinkSync('tree', at('link'))
  expect(contents(await joined({ from: at('link') }))).toContain('/opt/x/check file 644 echo check\n')
})

test('a tree whose path is a ring of links is told with it', async () => {
  symlinkSync('ring', at('ring'))
  const { code, message } = await failure(joined({ from: at('ring') }))
  expect([code, message]).toEqual(['host', expect.stringContaining(`cannot read ${at('ring')}: ELOOP`)])
})

test('sockets and pipes of a tree are left out', async () => {
  spawnSync('mkfifo', [at('tree/pipe')])
  expect(contents(await joined()).join('\n')).not.toContain('pipe')
})
