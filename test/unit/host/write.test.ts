import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeAtomic } from '../../../src/host/write.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-write-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('a file is for this user only, unless it is said otherwise', async () => {
  await writeAtomic(join(folder, 'a'), 'text')
  await writeAtomic(join(folder, 'b'), Buffer.from([0, 255]), 0o644)
  expect(['a', 'b'].map((name) => statSync(join(folder, name)).mode & 0o7777)).toEqual([0o600, 0o644])
  expect([...readFileSync(join(folder, 'b'))]).toEqual([0, 255])
})

test('what was there is replaced, mode and all, and nothing else is left', async () => {
  writeFileSync(join(folder, 'a'), 'something long', { mode: 0o666 })
  await writeAtomic(join(folder, 'a'), 'new')
  expect([readFileSync(join(folder, 'a'), 'utf8'), statSync(join(folder, 'a')).mode & 0o7777]).toEqual(['new', 0o600])
  expect(readdirSync(folder)).toEqual(['a'])
})

test('who reads it sees all of one writing, whoever writes at the same time', async () => {
  const path = join(folder, 'a')
  const texts = ['x', 'y', 'z'].map((letter) => letter.repeat(100_000))
  await writeAtomic(path, texts[0] as string)
  const writing = Promise.all(texts.flatMap((text) => [writeAtomic(path, text), writeAtomic(path, text)]))
  let done = false
  void writing.then(() => {
    done = true
  })
  while (!done) {
    expect(texts).toContain(readFileSync(path, 'utf8'))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(readdirSync(folder)).toEqual(['a'])
})

test('what fails leaves nothing beside it', async () => {
  mkdirSync(join(folder, 'a'))
  await expect(writeAtomic(join(folder, 'a'), 'text')).rejects.toThrow()
  await expect(writeAtomic(join(folder, 'none/a'), 'text')).rejects.toThrow('ENOENT')
  expect(readdirSync(folder)).toEqual(['a'])
})
