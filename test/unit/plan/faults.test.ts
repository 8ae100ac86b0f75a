import { describe, expect, test } from 'vitest'
import { faultVerbs } from '../../../src/config/fault-verbs.js'
import type { DiskPlan } from '../../../src/plan/disks.js'
import {
  faultOptions,
  faultyNode,
  type OpenDisk,
  readFault,
  requirePossible,
  throttle,
} from '../../../src/plan/faults.js'
import type { MachinePlan } from '../../../src/plan/machine.js'

const disk = {
  id: 'hd',
  medium: { kind: 'file', file: '/f' },
  format: 'raw',
  cache: 'none',
  readonly: false,
  limits: { iops: 500, bytes: undefined },
  paths: [{ name: 'hda', controller: undefined }],
  isBlockDevice: false,
} as OpenDisk
const nvme = { ...disk, id: 'n', bus: 'nvme', paths: [] } as DiskPlan
const qcow2 = { ...disk, id: 'q', format: 'qcow2', paths: [{ name: 'qa', controller: undefined }] } as DiskPlan
const machine = {
  number: 1,
  disks: [disk, nvme, qcow2],
  zram: [{ id: 'mem' }],
  network: { kind: 'none' },
} as unknown as MachinePlan

describe('the words of a command line', () => {
  test.each<[string, string[], object]>([
    ['path-dead', ['hda'], { verb: 'path-dead', path: 'hda' }],
    ['io-error', ['hda', 'operation=write', 'every=10'], { path: 'hda', operation: 'write', every: 10, errno: 'EIO' }],
    ['slow', ['path=hda', 'latency=200ms', 'bandwidth=1M'], { path: 'hda', latency: 200, bandwidth: 1 }],
    ['link-down', [], { nic: 'nic0' }],
    ['freeze', [], { verb: 'freeze' }],
    ['resize', ['hd', 'size=2G'], { disk: 'hd', size: 2048 }],
    ['usb-unplug', [], { verb: 'usb-unplug' }],
  ])('%s %j', (verb, words, fault) => {
    expect(readFault(verb, faultOptions(verb, words))).toMatchObject(fault)
  })

  test.each<[string, string[], RegExp]>([
    ['path-ded', ['hda'], /no fault "path-ded"; did you mean "path-dead"\?/],
    ['path-dead', [], /path-dead path: missing/],
    ['path-dead', ['hda', 'hdb'], /path-dead takes one path, then KEY=VALUE: what is "hdb"\?/],
    ['freeze', ['hda'], /freeze is for the whole VM: what is "hda"\?/],
    ['usb-plugg', [], /no fault "usb-plugg"; did you mean "usb-plug"\?/],
    ['io-error', ['hda', 'evry=3'], /evry: unknown; did you mean every\?/],
    ['slow', ['hda', 'latency=soon'], /latency: "soon" is not a duration/],
  ])('%s %j is refused', (verb, words, message) => {
    expect(() => readFault(verb, faultOptions(verb, words))).toThrow(message)
  })
})

test.each<[string, Record<string, unknown>, RegExp]>([
  ['path-dead', { path: 'hdc' }, /vm1 has no path "hdc"/],
  ['resize', { disk: 'x', size: '1G' }, /vm1 has no disk "x"/],
  ['link-up', {}, /vm1 has no NIC "nic0"/],
  ['path-dead', { path: 'mema' }, /the disk "mem" of vm1 is in the guest's memory: QEMU can do nothing to it/],
  ['resize', { disk: 'mem', size: '1G' }, /the disk "mem" of vm1 is in the guest's memory/],
  ['path-dead', { path: 'memb' }, /vm1 has no path "memb"/],
  ['io-error', { path: 'hda', every: 2 }, /every counts reads, or writes/],
  ['resize', { disk: 'n', size: '1G' }, /QEMU's NVMe disk does not tell its guest/],
  ['io-error', { path: 'qa' }, /a qcow2 file can be open only once/],
  ['slow', { path: 'hda' }, /how slow\?/],
  ['slow', { path: 'hda', latency: '2s' }, /by a second at most/],
])('%s %j cannot be here', (verb, written, message) => {
  expect(() => requirePossible(readFault(verb, written), machine)).toThrow(message)
})

test('every undo is a verb, with the same target', () => {
  for (const { undo, schema } of Object.values(faultVerbs)) {
    if (undo === undefined) continue
    const [target] = Object.keys(schema.shape)
    expect(Object.keys(faultVerbs[undo].schema.shape)[0]).toBe(target)
  }
})

describe('the injector', () => {
  const ioError = (written: object) => {
    const fault = readFault('io-error', { path: 'hda', ...written })
    return faultyNode(disk, 'n', fault as Parameters<typeof faultyNode>[2])
  }

  test('fails everything, past the lock that QEMU has on the file', () => {
    expect(ioError({})).toEqual({
      driver: 'raw',
      'node-name': 'n',
      'read-only': false,
      discard: 'unmap',
      file: {
        driver: 'blkdebug',
        image: { driver: 'file', filename: '/f', locking: 'off', cache: { direct: true, 'no-flush': false } },
        'inject-error': [{ event: 'none', errno: 5, immediately: true }],
      },
    })
  })

  test('goes below an RBD image as it goes below a file', () => {
    const rbd = { kind: 'rbd', pool: 'p', image: 'i', user: 'admin', conf: '/c' } as const
    const fault = readFault('io-error', { path: 'hda' }) as Parameters<typeof faultyNode>[2]
    expect(faultyNode({ ...disk, medium: rbd }, 'n', fault).file).toMatchObject({
      driver: 'blkdebug',
      image: { driver: 'rbd', pool: 'p', image: 'i', user: 'admin', conf: '/c', cache: { direct: true } },
    })
  })

  test('counts to every third, and lets the first one of each round pass', () => {
    const { file } = ioError({ operation: 'write', every: 3, errno: 'ENOSPC' }) as { file: Record<string, unknown[]> }
    expect(file['set-state']).toEqual([
      { event: 'write_aio', state: 1, new_state: 2 },
      { event: 'write_aio', state: 2, new_state: 3 },
      { event: 'write_aio', state: 3, new_state: 1 },
    ])
    expect(file['inject-error']).toEqual([
      { event: 'write_aio', state: 1, errno: 28, iotype: 'write', immediately: true, sector: 2 ** 50 },
      { event: 'write_aio', state: 3, errno: 28, iotype: 'write', immediately: true },
    ])
  })
})

test.each<[string, Record<string, unknown>, { iops: number; bps: number }]>([
  ['slow', { iops: 10 }, { iops: 10, bps: 0 }],
  ['slow', { latency: '200ms', iops: 100, bandwidth: '1M' }, { iops: 5, bps: 1048576 }],
  ['hang', {}, { iops: 0, bps: 1 }],
])('%s %j is a throttle', (verb, written, limits) => {
  const fault = readFault(verb, { path: 'hda', ...written })
  expect(throttle(disk, fault as Parameters<typeof throttle>[1])).toMatchObject(limits)
})

test('what is healed has the limits of its disk again', () => {
  expect(throttle(disk)).toMatchObject({ iops: 500, bps: 0 })
})
