import { describe, expect, test } from 'vitest'
import type { Profile } from '../../../src/config/profile.js'
import type { Settings } from '../../../src/config/schema.js'
import { diskFiles, planDisks, rbdImages } from '../../../src/plan/disks.js'

type Disks = Partial<Profile['machine']['disk'][number]>[]

function disksOf(own: Disks, set: Settings['disk'] = {}) {
  const profile = { machine: { disk: own.map((disk) => ({ id: 'hd', ...disk })) } } as Profile
  const ceph = { pool: 'rbd', image: 'disk1' }
  const fstests = { size: 8192, bus: 'nvme' }
  const settings = { disk: set, kernel: { src: '/home/u/linux' }, ceph, fstests } as unknown as Settings
  return planDisks(profile, settings, { folder: '/s/vms/1', cephUser: 'tester' })
}

test('a disk with a size is a scratch file in the folder of the run', () => {
  expect(disksOf([{ size: 100 }])).toEqual([
    {
      id: 'hd',
      medium: { kind: 'scratch', file: '/s/vms/1/hd.disk', sizeMiB: 100 },
      format: 'raw',
      bus: 'virtio',
      serial: 'rapido-hd',
      wwn: undefined,
      readonly: false,
      cache: 'writeback',
      limits: { iops: undefined, bytes: undefined },
      paths: [{ name: 'hda', controller: undefined }],
      isExtra: false,
    },
  ])
})

test('an RBD image is one of the cluster, which QEMU uses with a conf in the folder of the run', () => {
  const own = [{ rbd: '{ceph.pool}/{ceph.image}' }, { id: 'more', rbd: 'other/disk2', bus: 'scsi' as const }]
  const conf = '/s/vms/1/ceph.conf'
  expect(disksOf(own).map(({ medium, format, bus }) => ({ medium, format, bus }))).toEqual([
    { medium: { kind: 'rbd', pool: 'rbd', image: 'disk1', user: 'tester', conf }, format: 'raw', bus: 'virtio' },
    { medium: { kind: 'rbd', pool: 'other', image: 'disk2', user: 'tester', conf }, format: 'raw', bus: 'scsi' },
  ])
})

test('files are taken care of by the host, and RBD images by the cluster', () => {
  const disks = disksOf([{ size: 1 }, { id: 'own', file: '/f', readonly: true }, { id: 'r', rbd: 'p/i' }])
  expect(diskFiles(disks)).toEqual([
    { id: 'hd', file: '/s/vms/1/hd.disk', scratchMiB: 1, readonly: false },
    { id: 'own', file: '/f', scratchMiB: undefined, readonly: true },
  ])
  expect(rbdImages(disks)).toMatchObject([{ pool: 'p', image: 'i' }])
})

test('a size may be that of a setting; rapido.toml wins over it as over any', () => {
  const size = (own: Disks, set: Settings['disk'] = {}) => disksOf(own, set).map(({ medium }) => medium)
  const own = [{ size: '{fstests.size}' }, { id: 'more', size: 5 }]
  expect(size(own)).toMatchObject([{ sizeMiB: 8192 }, { sizeMiB: 5 }])
  expect(size(own, { hd: { size: 100 } })).toMatchObject([{ sizeMiB: 100 }, { sizeMiB: 5 }])
  expect(size(own, { hd: { file: '/dev/sdz' } })).toMatchObject([{ kind: 'file', file: '/dev/sdz' }, { sizeMiB: 5 }])
})

test('one on zram is none of them', () => {
  const disks = disksOf([
    { size: 1, bus: 'zram' },
    { id: 'more', size: 5, bus: '{fstests.bus}' },
  ])
  expect(disks.map(({ id, bus }) => [id, bus])).toEqual([['more', 'nvme']])
})

test('a SCSI disk has a path for each letter, on one controller or on its own, and a WWN of its serial number', () => {
  const [one] = disksOf([{ size: 1, bus: 'scsi', paths: 3, serial: 'MPIO' }])
  expect(one?.paths).toEqual(['hda', 'hdb', 'hdc'].map((name) => ({ name, controller: 'hd-hba' })))
  expect(one?.wwn).toMatch(/^3[0-9a-f]{15}$/)
  expect(disksOf([{ size: 9, bus: 'scsi', serial: 'MPIO' }])[0]?.wwn).toBe(one?.wwn)
  const [each] = disksOf([{ size: 1, bus: 'scsi', paths: 2, controllers: 'each', wwn: '0x5000C50015EA71AA' }])
  expect(each?.paths.map(({ controller }) => controller)).toEqual(['hda-hba', 'hdb-hba'])
  expect(each?.wwn).toBe('5000c50015ea71aa')
})

describe('rapido.toml stands over the profile', () => {
  test('key by key', () => {
    const [disk] = disksOf([{ size: 100, bus: 'scsi', paths: 2 }], {
      hd: { paths: 4, cache: 'none', iops: 7, bandwidth: 2 },
    })
    expect(disk).toMatchObject({
      medium: { sizeMiB: 100 },
      bus: 'scsi',
      cache: 'none',
      limits: { iops: 7, bytes: 2097152 },
    })
    expect(disk?.paths).toHaveLength(4)
  })

  test('where its medium is in place of any other', () => {
    expect(disksOf([{ size: 100 }], { hd: { file: '/dev/sdz' } })[0]?.medium).toEqual({
      kind: 'file',
      file: '/dev/sdz',
    })
    const own = [{ file: '{kernel.src}/root.img' }]
    expect(disksOf(own)[0]?.medium).toEqual({ kind: 'file', file: '/home/u/linux/root.img' })
    const scratch = { kind: 'scratch', file: '/s/vms/1/hd.disk', sizeMiB: 5 }
    expect(disksOf(own, { hd: { size: 5 } })[0]?.medium).toEqual(scratch)
    expect(disksOf([{ rbd: 'p/i' }], { hd: { size: 5 } })[0]?.medium).toEqual(scratch)
    expect(disksOf(own, { hd: { rbd: 'p/i' } })[0]?.medium).toMatchObject({ kind: 'rbd', pool: 'p', image: 'i' })
  })

  test('and may add disks', () => {
    expect(disksOf([{ size: 1 }], { data: { size: 2 } }).map(({ id, isExtra }) => [id, isExtra])).toEqual([
      ['hd', false],
      ['data', true],
    ])
  })
})

test.each<[string, Disks, RegExp]>([
  ['nothing', [{}], /disk "hd": it has neither a size nor a file nor an RBD image/],
  ['two media', [{ size: 1, file: '/f' }], /disk "hd": it has both a size and a file/],
  ['three media', [{ size: 1, file: '/f', rbd: 'p/i' }], /it has both a size and a file and an RBD image/],
  ['two paths of an RBD image', [{ rbd: 'p/i', bus: 'scsi', paths: 2 }], /an RBD image has one path/],
  ['a qcow2 as an RBD image', [{ rbd: 'p/i', format: 'qcow2' }], /an RBD image is raw/],
  ['two paths of a virtio disk', [{ size: 1, paths: 2 }], /a virtio disk has one path, not 2/],
  ['two paths of a qcow2', [{ file: '/f', format: 'qcow2', bus: 'scsi', paths: 2 }], /a qcow2 file has one path/],
  ['a scratch qcow2', [{ size: 1, format: 'qcow2' }], /a scratch disk is raw/],
  ['a WWN of NVMe', [{ size: 1, bus: 'nvme', wwn: '5000c50015ea71aa' }], /a nvme disk has no wwn/],
  ['controllers of virtio', [{ size: 1, controllers: 'each' }], /a virtio disk has no SCSI controller/],
  ['one name twice', [{ size: 1 }, { size: 1 }], /the disks "hd" and "hd" both have a path hda/],
])('%s is refused', (_, own, message) => {
  expect(() => disksOf(own)).toThrow(message)
})
