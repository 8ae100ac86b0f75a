import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gatherKernelFacts } from '../../src/host/kernels.js'
import { unpackKernel } from '../../src/image/direct-kernel.js'
import { planKernel } from '../../src/plan/kernel.js'

// The kernel that the distribution has installed here, unpacked with the distribution's own programs.

let cacheDir: string

beforeEach(() => {
  cacheDir = mkdtempSync('/var/tmp/rapido-kernel-')
})

afterEach(() => {
  rmSync(cacheDir, { recursive: true })
})

const { image } = planKernel({}, gatherKernelFacts({}))

test('the ELF in a bzImage is unpacked once, whole, and for its owner alone', async () => {
  const [first, second] = await Promise.all([unpackKernel(image, { cacheDir }), unpackKernel(image, { cacheDir })])
  expect(first).toEqual(second)
  const path = 'path' in first ? first.path : ''
  expect(readFileSync(path).toString('latin1', 0, 4)).toBe('\x7fELF')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(cacheDir).filter((name) => name.startsWith('build-'))).toEqual([])

  const { ino } = statSync(path)
  await unpackKernel(image, { cacheDir })
  expect(statSync(path).ino).toBe(ino)
})

test('one that was cut short is made again', async () => {
  const kernel = await unpackKernel(image, { cacheDir })
  const path = 'path' in kernel ? kernel.path : ''
  const { size } = statSync(path)
  truncateSync(path, size / 2)
  expect(await unpackKernel(image, { cacheDir })).toEqual({ path })
  expect(statSync(path).size).toBe(size)
})

test('a program that cannot unpack it is quoted, and one that is missing named', async () => {
  const { PATH } = process.env
  const bin = join(cacheDir, 'bin')
  mkdirSync(bin)
  for (const name of ['bash', 'mkdir', 'flock', 'chmod', 'rm', 'sleep'])
    symlinkSync(`/usr/bin/${name}`, join(bin, name))
  try {
    process.env.PATH = bin
    expect(await unpackKernel(image, { cacheDir })).toEqual({ note: expect.stringMatching(/^no \w+ on PATH/) })
    const broken = '#!/bin/bash\necho No space left >&2; exit 1\n'
    for (const name of ['xz', 'zstd', 'gzip', 'lz4']) writeFileSync(join(bin, name), broken, { mode: 0o755 })
    expect(await unpackKernel(image, { cacheDir })).toEqual({ note: expect.stringContaining('(No space left)') })
  } finally {
    process.env.PATH = PATH
  }
})

test('a file that is no bzImage is told, and booted as it is', async () => {
  const file = join(cacheDir, 'image')
  writeFileSync(file, 'no kernel')
  expect(await unpackKernel(file, { cacheDir })).toEqual({ note: expect.stringContaining('is no bzImage') })
})
