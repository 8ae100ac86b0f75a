import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readBlktests } from '../../../src/host/blktests-tree.js'

let root: string
let cleanup: () => Promise<void>

beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
})
afterEach(() => cleanup())

function write(path: string): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
}

test('the tests of a built tree of blktests are its numbered files, in order', () => {
  for (const name of ['check', 'tests/loop/002', 'tests/block/010', 'tests/block/001', 'tests/block/001.out'])
    write(name)
  for (const name of ['tests/block/rc', 'tests/README', 'src/loblksize']) write(name)
  expect(() => readBlktests(root)).toThrow(expect.objectContaining({ code: 'host', hint: `make -C ${root}` }))
  chmodSync(join(root, 'src/loblksize'), 0o755)
  expect(readBlktests(root)).toEqual(['block/001', 'block/010', 'loop/002'])
})

test('a folder that is no tree of blktests is refused', () => {
  const refused = expect.objectContaining({ code: 'usage', message: expect.stringMatching(/^blktests\.src: /) })
  expect(() => readBlktests(join(root, 'nowhere'))).toThrow(refused)
  write('check')
  expect(() => readBlktests(root)).toThrow(refused)
})
