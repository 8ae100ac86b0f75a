import { describe, expect, test } from 'vitest'
import type { Profile } from '../../../src/config/profile.js'
import { profileSchema } from '../../../src/config/profile-schema.js'
import { type Settings, settingsSchema } from '../../../src/config/schema.js'
import { memoryMiB, planZramDisks, requireMemoryForZram } from '../../../src/plan/zram-disks.js'

type Disk = Record<string, unknown>

/** A profile with 512 MiB and these disks, the first of which is "hd". */
function profileOf(disks: Disk[]): Profile {
  const disk = disks.map((keys) => ({ id: 'hd', ...keys }))
  return { ...profileSchema.parse({ summary: 'A test', machine: { disk } }), name: 'mine' } as Profile
}

function settingsOf(set: object = {}): Settings {
  return settingsSchema.parse(set) as Settings
}

const ofFstests = [
  { id: 'test', size: '{fstests.size}', bus: '{fstests.bus}', serial: 'TEST_DEV' },
  { id: 'scratch', size: '{fstests.size}', bus: '{fstests.bus}', serial: 'SCRATCH_DEV' },
]

test('a disk on zram has a size and a serial number', () => {
  const disks = [
    { size: '100M', bus: 'zram' },
    { id: 'v', size: '5M' },
  ]
  const more = { disk: { more: { size: '1M', bus: 'zram', serial: 'MORE' } } }
  expect(planZramDisks(profileOf(disks), settingsOf(more))).toEqual([
    { id: 'hd', serial: 'rapido-hd', sizeMiB: 100, sizeKey: 'disk.hd.size' },
    { id: 'more', serial: 'MORE', sizeMiB: 1, sizeKey: 'disk.more.size' },
  ])
})

test('a setting may put disks of a profile on zram; rapido.toml wins over it, disk by disk', () => {
  const sizes = (set: object) =>
    planZramDisks(profileOf(ofFstests), settingsOf(set)).map(({ id, sizeMiB, sizeKey }) => [id, sizeMiB, sizeKey])
  const fstests = { bus: 'zram', size: '256M' }
  expect(sizes({})).toEqual([])
  expect(sizes({ fstests })).toEqual([
    ['test', 256, 'fstests.size'],
    ['scratch', 256, 'fstests.size'],
  ])
  expect(sizes({ fstests, disk: { test: { size: '1G' }, scratch: { bus: 'virtio' } } })).toEqual([
    ['test', 1024, 'disk.test.size'],
  ])
})

test.each<[string, Disk, RegExp]>([
  ['no size', {}, /disk "hd": it has no size/],
  ['a file', { file: '/f' }, /disk "hd": a zram disk has no file/],
  ['an RBD image', { size: '1M', rbd: 'p/i' }, /a zram disk has no rbd/],
  ['two paths', { size: '1M', paths: 2 }, /a zram disk has one path, not 2/],
  ['controllers', { size: '1M', controllers: 'one' }, /a zram disk has no controllers/],
  ['a cache mode', { size: '1M', cache: 'none' }, /a zram disk has no cache/],
  ['a limit of operations', { size: '1M', iops: 5 }, /a zram disk has no iops/],
  ['a limit of bytes', { size: '1M', bandwidth: '5M' }, /a zram disk has no bandwidth/],
  ['a WWN', { size: '1M', wwn: '5000c50015ea71aa' }, /a zram disk has no wwn/],
  ['qcow2', { size: '1M', format: 'qcow2' }, /a zram disk is raw/],
  ['nothing to write', { size: '1M', readonly: true }, /a zram disk is empty when it is made/],
])('one with %s is refused', (_, keys, message) => {
  expect(() => planZramDisks(profileOf([{ ...keys, bus: 'zram' }]), settingsOf())).toThrow(message)
})

test('two with one serial number are refused: each has a link by it', () => {
  const one = { size: '1M', bus: 'zram', serial: 'ONE' }
  expect(() => planZramDisks(profileOf([one, { ...one, id: 'other' }]), settingsOf())).toThrow(
    /the disks "hd" and "other" on zram have one serial number, ONE/,
  )
})

describe('the memory of a VM', () => {
  test('is that of its profile, with that of its disks on zram', () => {
    expect(memoryMiB(profileOf([{ size: '100M' }]), settingsOf())).toBe(512)
    expect(memoryMiB(profileOf([{ size: '100M', bus: 'zram' }]), settingsOf())).toBe(612)
    expect(memoryMiB(profileOf([{ size: '100M', bus: 'zram' }]), settingsOf({ vm: { memory: '1G' } }))).toBe(1024)
  })

  test.each<[string, object, number, string | undefined]>([
    ['what fits', { bus: 'zram', size: '1G' }, 2560, undefined],
    ['what is 1 MiB too much', { bus: 'zram', size: '1G' }, 2559, '--set fstests.size=511M'],
    ['far too much', { bus: 'zram', size: '20G' }, 24_105, '--set fstests.size=5G'],
    ['what no size makes fit', { bus: 'zram', size: '1G' }, 500, 'on another bus they are files'],
    ['what is in files', { size: '20G' }, 2559, undefined],
  ])('%s: %j on a host with %i MiB is answered with %s', (_, fstests, hostMiB, hint) => {
    const check = () => requireMemoryForZram(profileOf(ofFstests), settingsOf({ fstests }), { hostMiB })
    if (hint === undefined) expect(check).not.toThrow()
    else {
      const error = {
        code: 'host',
        hint: expect.stringContaining(hint),
        message: expect.stringContaining(`${hostMiB}`),
      }
      expect(check).toThrow(expect.objectContaining(error))
    }
  })

  test('is the word of who sets it', () => {
    const settings = settingsOf({ fstests: { bus: 'zram', size: '20G' }, vm: { memory: '8G' } })
    expect(() => requireMemoryForZram(profileOf(ofFstests), settings, { hostMiB: 4096 })).not.toThrow()
  })
})
