import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isProgram, programFinder } from '../../../src/host/programs.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-programs-'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/tool'), '', { mode: 0o755 })
  writeFileSync(join(folder, 'bin/text'), '', { mode: 0o644 })
  mkdirSync(join(folder, 'bin/folder'))
  symlinkSync('bin', join(folder, 'sbin'))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('a program is found on PATH, always by the same name of its folder', () => {
  expect(programFinder(join(folder, 'bin'))('tool')).toBe(join(folder, 'bin/tool'))
  expect(isProgram(join(folder, 'sbin/tool'))).toBe(true)
  expect(programFinder(`${folder}/none:${folder}/sbin`)('tool')).toBe(join(folder, 'bin/tool'))
})

test.each(['text', 'folder', 'none'])('%s is no program', (name) => {
  expect(isProgram(join(folder, 'bin', name))).toBe(false)
  expect(programFinder(join(folder, 'bin'))(name)).toBeUndefined()
})

test("what is not on an ordinary user's PATH is found all the same", () => {
  expect(programFinder('/usr/bin')('modprobe')).toMatch(/sbin\/modprobe$/)
})

test('a relative PATH is not followed: what it means hangs on where one stands', () => {
  expect(programFinder('bin:.')('tool')).toBeUndefined()
})
