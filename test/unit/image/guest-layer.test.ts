import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCpio } from '../../../src/image/cpio.js'
import { layerBytes, type NewEntry } from '../../../src/image/cpio-write.js'
import { readPiece, withFile } from '../../../src/image/file-bytes.js'
import { guestLayer } from '../../../src/image/guest-layer.js'
import { inputRecord } from '../../../src/image/input-record.js'
import type { ImageLink } from '../../../src/plan/image.js'

let folder: string
const at = (name: string) => join(folder, name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-guest-layer-'))
  writeFileSync(at('agent'), 'the agent\n')
  chmodSync(at('agent'), 0o755)
})
afterEach(() => rmSync(folder, { recursive: true }))

const userspace: NewEntry[] = [
  { kind: 'folder', path: '/dev', mode: 0o755 },
  { kind: 'folder', path: '/usr', mode: 0o755 },
  { kind: 'folder', path: '/usr/lib', mode: 0o755 },
  { kind: 'link', path: '/lib', target: 'usr/lib' },
]

test('files come with the folders that the userspace lacks, and device nodes', () => {
  expect(layer('/usr/lib/rapido/agent')).toEqual([
    '/dev/console node 600',
    '/dev/null node 666',
    '/usr/lib/rapido folder 755',
    '/usr/lib/rapido/agent file 755 the agent\n',
  ])
})

test('a place behind a link is named without it, for a folder of its name would take it away', () => {
  expect(layer('/lib/rapido/agent').slice(2)).toEqual([
    '/usr/lib/rapido folder 755',
    '/usr/lib/rapido/agent file 755 the agent\n',
  ])
})

test('links are in it', () => {
  expect(layer('/agent', [{ path: '/usr/bin/ls', target: '/home/u/ls' }]).slice(2)).toEqual([
    '/usr/bin folder 755',
    '/usr/bin/ls link 777 /home/u/ls',
    '/agent file 755 the agent\n',
  ])
})

test('its files are inputs, as they are now', () => {
  const record = inputRecord(Date.now(), new Map())
  guestLayer({ includes: [{ from: at('agent'), to: '/agent', kind: 'file' }], links: [] }, [], record)
  expect(record.inputs().map(({ path }) => path)).toEqual([at('agent')])
  expect(record.raced()).toEqual([]) // although it is brand-new
})

/** What the layer holds that puts the agent at `to`: "path kind mode content". */
function layer(to: string, links: ImageLink[] = []): string[] {
  writeFileSync(at('userspace'), layerBytes(userspace))
  const before = withFile(at('userspace'), (fd) => readCpio(fd, { layer: true }))
  const record = inputRecord(Date.now(), new Map())
  const bytes = guestLayer({ includes: [{ from: at('agent'), to, kind: 'file' }], links }, before, record)
  writeFileSync(at('layer'), bytes)
  return withFile(at('layer'), (fd) =>
    readCpio(fd, { layer: true }).map(({ path, kind, mode, data, size, target }) => {
      const content = kind === 'file' ? ` ${readPiece({ fd, offset: data, size })}` : ''
      return `${path} ${kind} ${mode.toString(8)}${content}${target === undefined ? '' : ` ${target}`}`
    }),
  )
}
