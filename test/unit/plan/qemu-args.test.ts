import { describe, expect, test } from 'vitest'
import type { DiskPlan } from '../../../src/plan/disks.js'
import type { MachinePlan } from '../../../src/plan/machine.js'
import { qemuArgs } from '../../../src/plan/qemu-args.js'

const plan: MachinePlan = {
  number: 1,
  qemu: '/usr/bin/qemu-system-x86_64',
  accel: 'tcg',
  cpus: 2,
  memoryMiB: 512,
  kernel: '/boot/vmlinuz-6.1.0-9-amd64',
  initrd: '/home/u/.cache/rapido/images/0123.img',
  kernelArgs: ['console=ttyS0,115200', 'panic=-1'],
  channel: { kind: 'virtio' },
  sockets: { qmp: '/s/vms/1/qmp.sock', control: '/s/vms/1/control.sock', gdb: '/s/vms/1/gdb.sock' },
  disks: [],
  zram: [],
  network: { kind: 'none' },
  share: undefined,
  gdb: undefined,
  extraArgs: [],
  memoryFile: undefined,
}

const disk: DiskPlan = {
  id: 'v',
  medium: { kind: 'scratch', file: '/s/vms/1/v.disk', sizeMiB: 100 },
  format: 'raw',
  bus: 'virtio',
  serial: 'rapido-v',
  wwn: undefined,
  readonly: false,
  cache: 'writeback',
  limits: { iops: undefined, bytes: undefined },
  paths: [{ name: 'va', controller: undefined }],
  isExtra: false,
}
const rbd = { kind: 'rbd', pool: 'rbd', user: 'admin', conf: '/s/a,b/vms/1/ceph.conf' } as const
const twoPaths = [
  { name: 'hda', controller: 'hda-hba' },
  { name: 'hdb', controller: 'hdb-hba' },
]

const nic = { id: 'nic0', tap: 'rapido1.0', mac: '02:72:70:00:00:01', addresses: ['10.0.0.7/8'], mtu: undefined }
const second = { ...nic, id: 'nic1', tap: 'rapido1.1', mac: '02:72:70:01:00:01', mtu: 9000 }
const bridge = { name: 'rapido-br', addresses: ['10.0.0.1/8'], mtu: undefined }
const bridged = { kind: 'bridge', bridge, nics: [nic, second] } as const satisfies Partial<MachinePlan['network']>

describe('the arguments of QEMU, a line for each option, as in test/fixtures/qemu', () => {
  test.each<[string, Partial<MachinePlan>]>([
    ['tcg', {}],
    ['kvm', { accel: 'kvm', number: 12, cpus: 8, memoryMiB: 4096 }],
    ['serial-channel', { channel: { kind: 'serial' } }],
    ['share', { share: { path: '/home/u/tests', readonly: false } }],
    ['share-readonly-with-commas', { share: { path: '/home/u/a,b=c, ,d', readonly: true } }],
    ['gdb', { gdb: { wait: false } }],
    ['gdb-wait', { gdb: { wait: true } }],
    [
      'disks',
      {
        disks: [
          { ...disk, id: 'hd', bus: 'scsi', wwn: '3000000000000001', paths: twoPaths },
          { ...disk, id: 'v', medium: { kind: 'file', file: '/home/u/a,b.qcow2' }, format: 'qcow2', cache: 'none' },
          { ...disk, id: 'n', bus: 'nvme', readonly: true, limits: { iops: 100, bytes: 1048576 } },
          { ...disk, id: 'u', bus: 'usb', cache: 'unsafe' },
        ],
      },
    ],
    [
      'rbd',
      {
        disks: [
          { ...disk, medium: { ...rbd, image: 'disk1' } },
          { ...disk, bus: 'nvme', medium: { ...rbd, image: 'disk2' }, readonly: true },
        ],
      },
    ],
    [
      'network-user',
      { network: { kind: 'user', nics: [nic], forwards: ['tcp:2222:22', 'udp:0:53'], routes: ['10.0.2.2'] } },
    ],
    ['network-private', { network: { ...bridged, home: 'private', tap: { script: '/r,s/tap-up.sh' } } }],
    ['network-host', { network: { ...bridged, home: 'host', tap: { script: undefined } } }],
    ['snapshot-made', { memoryFile: { path: '/c/a,b/memory', use: 'make' } }],
    ['snapshot-restored', { memoryFile: { path: '/c/a,b/memory', use: 'restore' }, disks: [disk] }],
    ['extra-args', { extraArgs: ['-device', 'qemu-xhci', '-name', 'it has blanks, and "quotes"'] }],
    [
      'sockets-with-commas',
      {
        gdb: { wait: false },
        sockets: { qmp: '/s,1/qmp.sock', control: '/s,1/control.sock', gdb: '/s,1/gdb.sock' },
      },
    ],
  ])('%s', async (name, changes) => {
    await expect(asLines(qemuArgs({ ...plan, ...changes }))).toMatchFileSnapshot(`../../fixtures/qemu/${name}.args`)
  })
})

function asLines(args: string[]): string {
  return `${args.map((arg, at) => `${at === 0 ? '' : arg.startsWith('-') ? '\n' : ' '}${arg}`).join('')}\n`
}

test("what every machine has comes first: on the same slots with a run's devices as in the snapshot, which has none", () => {
  const devices = (machine: MachinePlan) =>
    qemuArgs(machine).filter((_, index, args) => ['-device', '-virtfs'].includes(args[index - 1] ?? ''))
  const alone = devices({ ...plan, disks: [] })
  const full = devices({ ...plan, disks: [disk], share: { path: '/work', readonly: false } })
  expect(full.slice(0, alone.length)).toEqual(alone)
  expect(full.length).toBe(alone.length + 2)
})
