import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { makeFolder } from '../../../src/host/make-folder.js'

const temporary = { unsafeCleanup: true }

test('a folder is made with those above it, for its owner alone; one that is there stays', () =>
  withDir(async ({ path }) => {
    const folder = join(path, 'a/b/c')
    makeFolder(folder)
    makeFolder(folder)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'a')).mode & 0o777).toBe(0o700)
  }, temporary))

test('a file in the way is an error', () =>
  withDir(async ({ path }) => {
    writeFileSync(join(path, 'file'), '')
    expect(() => makeFolder(join(path, 'file/folder'))).toThrow(/ENOTDIR/)
    expect(() => makeFolder(join(path, 'file'))).toThrow(/EEXIST/)
  }, temporary))

test('a file system that takes no folders is an error, not an endless try', () => {
  expect(() => makeFolder('/proc/none/at/all')).toThrow(/ENOENT/)
})
