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

test('modprobe is only where our own init finds it, until the agent links it', () => {
  const links: NewEntry[] = [
    { kind: 'folder', path: '/usr/sbin', mode: 0o755 },
    { kind: 'folder', path: '/usr/bin', mode: 0o755 },
    { kind: 'link', path: '/sbin', target: 'usr/sbin' },
    { kind: 'link', path: '/usr/sbin/modprobe', target: '../bin/kmod' },
    { kind: 'file', path: '/usr/bin/kmod', mode: 0o755, data: Buffer.from('kmod') },
  ]
  expect(layer('/agent', [], [...userspace, ...links]).filter((line) => line.includes('modprobe'))).toEqual([
    '/usr/lib/rapido/modprobe link 777 /usr/bin/kmod',
    '/usr/sbin/modprobe link 777 /run/rapido.modprobe',
  ])
  const program: NewEntry[] = [
    { kind: 'folder', path: '/sbin', mode: 0o755 },
    { kind: 'file', path: '/sbin/modprobe', mode: 0o755, data: Buffer.from('modprobe') },
  ]
  expect(layer('/agent', [], [...userspace, ...program]).filter((line) => line.includes('modprobe'))).toEqual([
    '/usr/lib/rapido/modprobe link 777 /sbin/modprobe', // no link: it stays
  ])
})

test('its files are inputs, as they are now', () => {
  const record = inputRecord(Date.now(), new Map())
  guestLayer({ includes: [{ from: at('agent'), to: '/agent', kind: 'file' }], links: [] }, [], record)
  expect(record.inputs().map(({ path }) => path)).toEqual([at('agent')])
  expect(record.raced()).toEqual([]) // although it is brand-new
})

/** What the layer holds that puts the agent at `to`: "path kind mode content". */
function layer(to: string, links: ImageLink[] = [], before: NewEntry[] = userspace): string[] {
  writeFileSync(at('userspace'), layerBytes(before))
  const entries = withFile(at('userspace'), (fd) => readCpio(fd, { layer: true }))
  const record = inputRecord(Date.now(), new Map())
  const bytes = guestLayer({ includes: [{ from: at('agent'), to, kind: 'file' }], links }, entries, record)
  writeFileSync(at('layer'), bytes)
  return withFile(at('layer'), (fd) =>
    readCpio(fd, { layer: true }).map(({ path, kind, mode, data, size, target }) => {
      const content = kind === 'file' ? ` ${readPiece({ fd, offset: data, size })}` : ''
      return `${path} ${kind} ${mode.toString(8)}${content}${target === undefined ? '' : ` ${target}`}`
    }),
  )
}
