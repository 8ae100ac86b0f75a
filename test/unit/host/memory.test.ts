import { writeFileSync } from 'node:fs'
import { file } from 'tmp-promise'
import { expect, test } from 'vitest'
import { hostMemoryMiB } from '../../../src/host/memory.js'

test('a host has its memory and its swap', async () => {
  const { path, cleanup } = await file()
  writeFileSync(path, 'MemTotal:       24684512 kB\nMemFree: 5 kB\nSwapCached: 7 kB\nSwapTotal:       1048576 kB\n')
  expect(hostMemoryMiB(path)).toBe(24_105 + 1024)
  await cleanup()
})

test('this one has some', () => {
  expect(hostMemoryMiB()).toBeGreaterThan(100)
})
