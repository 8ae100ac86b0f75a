import { mkdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { snapshotFiles } from '../../../src/image/cache-files.js'
import { findSnapshot, keepSnapshot, snapshotGc, snapshotList } from '../../../src/image/snapshots.js'

let cacheDir: string

let cleanUp: () => Promise<void>

beforeEach(async () => {
  const folder = await dir({ prefix: 'rapido-test-', unsafeCleanup: true })
  cleanUp = folder.cleanup
  cacheDir = join(folder.path, 'cache')
})

afterEach(() => cleanUp())

const content = {
  state: Buffer.from('of devices'),
  console: Buffer.from('Linux version 6.1\n'),
  bootScript: { stdout: 'up\n', stderr: '' },
}
const mebibyte = 1024 * 1024

/** Makes one of a guest that has touched so much of its memory. */
async function keep(key: string, { touched = mebibyte, maxBytes = 64 * mebibyte, hostBoot = 'b' } = {}) {
  const make = async (memory: string) => {
    writeFileSync(memory, Buffer.alloc(touched, 'm'))
    truncateSync(memory, 16 * mebibyte)
    return content
  }
  const { signal } = new AbortController()
  return keepSnapshot(key, make, { cacheDir, maxBytes, hostBoot, profile: 'simple', release: '6.1', signal })
}

const files = (key: string) => snapshotFiles(join(cacheDir, 'snapshots', key))

test('what was kept is found, for nobody else to read', async () => {
  const kept = await keep('a')
  expect(findSnapshot(cacheDir, 'a')).toEqual(kept)
  expect(kept).toEqual({ memory: files('a').memory, ...content })
  expect(readFileSync(kept.memory).subarray(0, 3).toString()).toBe('mmm')
  const modes = [files('a').folder, kept.memory, files('a').state].map((path) => statSync(path).mode & 0o777)
  expect(modes).toEqual([0o700, 0o600, 0o600])
})

test('one that was never made is not found', () => {
  expect(findSnapshot(cacheDir, 'a')).toBeUndefined()
})

test.each<[string, () => void]>([
  ['whose memory is cut short', () => truncateSync(files('a').memory, 15 * mebibyte)],
  [
    'whose memory has lost what it held',
    () => {
      truncateSync(files('a').memory, 0)
      truncateSync(files('a').memory, 16 * mebibyte)
    },
  ],
  ['whose state is cut short', () => truncateSync(files('a').state, 4)],
  ['whose state is another', () => writeFileSync(files('a').state, 'of devicex')],
  ['whose console is cut short', () => truncateSync(files('a').console, 4)],
  ['whose manifest is cut short', () => truncateSync(files('a').manifest, 20)],
  ['that stands in the place of another', () => writeFileSync(files('a').manifest, manifestOf('b'))],
])('one %s is not used', async (_, damage) => {
  await keep('a')
  damage()
  expect(findSnapshot(cacheDir, 'a')).toBeUndefined()
})

function manifestOf(key: string): string {
  return JSON.stringify({ ...JSON.parse(readFileSync(files('a').manifest, 'utf8')), key })
}

test('one that fails to be made leaves nothing', async () => {
  const { signal } = new AbortController()
  const options = { cacheDir, maxBytes: mebibyte, hostBoot: 'b', profile: 'simple', release: '6.1', signal }
  const make = () => Promise.reject(new Error('the kernel panicked'))
  await expect(keepSnapshot('a', make, options)).rejects.toThrow('the kernel panicked')
  expect(snapshotList(cacheDir)).toEqual([])
})

test('two who want it at once make it once', async () => {
  const [one, other] = await Promise.all([keep('a', { touched: mebibyte }), keep('a', { touched: 2 * mebibyte })])
  expect(one).toEqual(other)
})

test('room is made by the ones that were not used for the longest time, and by those of an earlier boot', async () => {
  const limits = { touched: 3 * mebibyte, maxBytes: 8 * mebibyte }
  await keep('earlier', { ...limits, touched: mebibyte, hostBoot: 'a' })
  await keep('old', limits)
  await keep('used', limits)
  const past = new Date(Date.now() - 60_000)
  utimesSync(files('old').manifest, past, past)
  await keep('new', limits)
  expect(
    snapshotList(cacheDir)
      .map(({ key }) => key)
      .sort(),
  ).toEqual(['new', 'used'])
})

test('what was not used for long is removed, and what is no snapshot', async () => {
  await keep('old')
  await keep('used')
  mkdirSync(files('broken').folder)
  const past = new Date(Date.now() - 60_000)
  utimesSync(files('old').manifest, past, past)
  expect(snapshotGc(cacheDir, { unusedMs: 30_000 }).map(({ key }) => key)).toEqual(['old'])
  expect(snapshotList(cacheDir).map(({ key }) => key)).toEqual(['used'])
  expect(() => statSync(files('broken').folder)).toThrow('ENOENT')
})
