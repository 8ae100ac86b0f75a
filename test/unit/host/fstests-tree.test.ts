import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readFilesInTestDirs, readTestTree } from '../../../src/host/fstests-tree.js'

let root: string
const at = (name: string) => join(root, name)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-fstests-'))
})

afterEach(() => rmSync(root, { recursive: true }))

test('a built tree gives the group lists of all its folders', () => {
  writeBuilt()
  write('tests/xfs/group.list', '001 auto\n')
  write('tests/perf/Makefile', '')
  write('tests/Makefile', '')
  expect(readTestTree(root)).toEqual({
    root,
    groupLists: { generic: '001 auto quick\n', perf: '', xfs: '001 auto\n' },
  })
})

test('a folder that is not there is told, with the setting', () => {
  expect(() => readTestTree(at('none'))).toThrow(
    expect.objectContaining({ code: 'usage', message: `fstests.src: there is no folder ${at('none')}` }),
  )
})

test.each([
  ['check', { tests: 'tests/generic/group.list' }],
  ['tests', { check: 'check' }],
])('without %s it is no fstests tree', (missing, files) => {
  for (const file of Object.values(files)) write(file, '')
  expect(() => readTestTree(root)).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: `fstests.src: ${root} is no fstests tree: it has no ${missing}`,
    }),
  )
})

test.each([
  ['tests/generic/group.list', () => rmSync(at('tests/generic/group.list'))],
  ['src/lstat64', () => rmSync(at('src/lstat64'))],
  ['ltp/fsstress', () => chmodSync(at('ltp/fsstress'), 0o644)],
])('without %s it is not built', (missing, spoil) => {
  writeBuilt()
  spoil()
  expect(() => readTestTree(root)).toThrow(
    expect.objectContaining({
      code: 'host',
      message: `fstests.src: ${root} is not built: it has no ${missing}`,
      hint: `make -C ${root}`,
    }),
  )
})

test('a tree as git has it is told in one error', () => {
  write('check', '')
  write('tests/generic/001', '')
  expect(() => readTestTree(root)).toThrow('it has no tests/generic/group.list, src/lstat64, ltp/fsstress')
})

test('a file of -X is read in those folders that have it', () => {
  write('tests/generic/old', '001 # a\n')
  write('tests/btrfs/old', '002 # not asked for\n')
  expect(readFilesInTestDirs(root, 'old', ['generic', 'xfs'])).toEqual([
    { dir: 'generic', path: at('tests/generic/old'), text: '001 # a\n' },
  ])
})

test('a file of -X that no folder has is a mistake', () => {
  write('tests/xfs/old/file', '')
  expect(() => readFilesInTestDirs(root, 'old', ['generic', 'xfs'])).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: `-X old: there is no such file in ${at('tests/generic')} or ${at('tests/xfs')}`,
    }),
  )
})

function writeBuilt(): void {
  write('check', '')
  write('tests/generic/group.list', '001 auto quick\n')
  for (const program of ['src/lstat64', 'ltp/fsstress']) {
    write(program, '')
    chmodSync(at(program), 0o755)
  }
}

function write(name: string, content: string): void {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), content)
}
