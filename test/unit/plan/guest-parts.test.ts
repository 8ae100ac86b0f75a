import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { guestParts } from '../../../src/plan/guest-parts.js'

const parts = guestParts(resolve('src/guest'), { share: false, network: false })

test('every file that goes into the image is there, by an absolute path', () => {
  expect(parts.include.length).toBeGreaterThan(5)
  expect(parts.include.filter(({ from }) => !from.startsWith('/') || !existsSync(from))).toEqual([])
})

test('what the guest runs is executable', () => {
  const programs = parts.include.filter(({ to }) => /^\/init$|^\/usr\/(sbin|lib)\//.test(to))
  expect(programs.map(({ to }) => to)).toContain('/usr/sbin/poweroff')
  expect(programs.filter(({ from }) => (statSync(from).mode & 0o111) === 0)).toEqual([])
})

test('no two files have the same place', () => {
  const places = parts.include.map(({ to }) => to)
  expect(new Set(places).size).toBe(places.length)
})

test('9p comes with a shared folder only', () => {
  const shared = guestParts('/g', { share: true, network: false })
  const plain = guestParts('/g', { share: false, network: false })
  const more = shared.drivers_optional.filter((name) => !plain.drivers_optional.includes(name))
  expect(more).toEqual(['9pnet_virtio', '9p'])
})

test('zram comes with a disk on it, and must be there; its compression may be built in', () => {
  const parts = guestParts('/g', { share: false, network: false, zram: true })
  expect(parts.drivers).toEqual(['zram'])
  expect(parts.drivers_optional).toEqual(expect.arrayContaining(['lzo_rle', 'lzo']))
  expect(guestParts('/g', { share: false, network: false }).drivers).toEqual([])
})

test('docs/profiles.md lists the programs that every image has, and those of `tools`', () => {
  const page = readFileSync('docs/profiles.md', 'utf8')
  const [, all = '', tools = ''] =
    /^Programs in every image: (.*?)\. With\s.*? there are, too: (.*?)\. Name/ms.exec(page) ?? []
  const words = (text: string) => text.split(/,\s+/)
  expect(words(all)).toEqual(parts.install)
  const more = guestParts('/g', { share: false, network: false, tools: true }).install
  expect(words(tools)).toEqual(more.slice(parts.install.length))
})
