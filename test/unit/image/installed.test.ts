import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { installedBelow } from '../../../src/image/installed.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-installed-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('all below a root is listed by name, folders first and open to all; links of the root are not', () => {
  mkdirSync(join(root, 'usr/lib/modules/6.1'), { recursive: true, mode: 0o700 })
  symlinkSync('usr/lib', join(root, 'lib'))
  writeFileSync(join(root, 'usr/lib/modules/6.1/b.ko'), 'module b', { mode: 0o600 })
  symlinkSync('b.ko', join(root, 'usr/lib/modules/6.1/a.ko'))
  const listed = installedBelow(root).map(({ entry }) => entry)
  expect(listed).toEqual([
    { kind: 'folder', path: '/usr', mode: 0o755 },
    { kind: 'folder', path: '/usr/lib', mode: 0o755 },
    { kind: 'folder', path: '/usr/lib/modules', mode: 0o755 },
    { kind: 'folder', path: '/usr/lib/modules/6.1', mode: 0o755 },
    { kind: 'link', path: '/usr/lib/modules/6.1/a.ko', target: 'b.ko' },
    { kind: 'file', path: '/usr/lib/modules/6.1/b.ko', mode: 0o600, data: Buffer.from('module b') },
  ])
})
