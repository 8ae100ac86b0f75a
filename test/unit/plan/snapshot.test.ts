import { expect, test } from 'vitest'
import type { MachinePlan } from '../../../src/plan/machine.js'
import {
  type SnapshotFacts,
  snapshotKey,
  snapshotMachine,
  snapshotPoint,
  whyNoSnapshot,
} from '../../../src/plan/snapshot.js'

const plan: MachinePlan = {
  number: 7,
  qemu: '/usr/bin/qemu-system-x86_64',
  accel: 'tcg',
  cpus: 2,
  memoryMiB: 512,
  kernel: '/boot/vmlinux',
  initrd: '/c/images/0123.img',
  kernelArgs: ['panic=-1'],
  channel: { kind: 'virtio' },
  sockets: { qmp: '/s/vms/7/qmp.sock', control: '/s/vms/7/control.sock', gdb: '/s/vms/7/gdb.sock' },
  disks: [
    {
      id: 'v',
      medium: { kind: 'scratch', file: '/s/vms/7/v.disk', sizeMiB: 100 },
      format: 'raw',
      bus: 'virtio',
      serial: 'rapido-v',
      wwn: undefined,
      readonly: false,
      cache: 'writeback',
      limits: { iops: undefined, bytes: undefined },
      paths: [{ name: 'va', controller: undefined }],
      isExtra: false,
    },
  ],
  zram: [],
  network: { kind: 'none' },
  share: { path: '/home/u/tests', readonly: false },
  gdb: undefined,
  extraArgs: [],
  memoryFile: undefined,
}
const facts: SnapshotFacts = { hostBoot: 'b', cpu: 'EPYC', files: ['/usr/bin/qemu-system-x86_64 1', 'k 1', 'i 1'] }

test('the machine of a snapshot has nothing of the run that wants it', () => {
  const sockets = { qmp: '/t/q', control: '/t/c', gdb: '/t/g' }
  const machine = snapshotMachine(plan, { memoryFile: '/c/memory', sockets })
  expect(machine).toMatchObject({ number: 0, sockets, disks: [], network: { kind: 'none' }, share: undefined })
  expect(machine).toMatchObject({ cpus: 2, memoryMiB: 512, kernelArgs: ['panic=-1'], initrd: '/c/images/0123.img' })
})

test('runs that differ in number, disks, shared folder and sockets have one snapshot', () => {
  const other = { ...plan, number: 8, disks: [], share: undefined, sockets: { qmp: 'a', control: 'b', gdb: 'c' } }
  expect(snapshotKey(other, facts)).toBe(snapshotKey(plan, facts))
})

test.each<[string, Partial<MachinePlan>]>([
  ['the image', { initrd: '/c/images/4567.img' }],
  ['the kernel', { kernel: '/boot/other' }],
  ['its parameters', { kernelArgs: ['panic=-1', 'slub_debug=FZP'] }],
  ['the memory', { memoryMiB: 1024 }],
  ['the CPUs', { cpus: 1 }],
  ['the accelerator', { accel: 'kvm' }],
  ['QEMU', { qemu: '/opt/qemu' }],
  ['the channel', { channel: { kind: 'serial' } }],
])('another of %s is another snapshot', (_, change) => {
  expect(snapshotKey({ ...plan, ...change }, facts)).not.toBe(snapshotKey(plan, facts))
})

test.each<[string, Partial<SnapshotFacts>]>([
  ['a new boot of the host', { hostBoot: 'c' }],
  ['another CPU', { cpu: 'Xeon' }],
  ['a file that was written since', { files: ['/usr/bin/qemu-system-x86_64 2', 'k 1', 'i 1'] }],
])('%s is another snapshot', (_, change) => {
  expect(snapshotKey(plan, { ...facts, ...change })).not.toBe(snapshotKey(plan, facts))
})

test('what two machines may not share is booted, and so is what gdb looks at', () => {
  expect(whyNoSnapshot(plan)).toBeUndefined()
  expect(whyNoSnapshot({ ...plan, extraArgs: ['-drive', 'file=/d'] })).toMatch(/extra_args/)
  expect(whyNoSnapshot({ ...plan, disks: plan.disks.map((disk) => ({ ...disk, bus: 'nvme' })) })).toMatch(/NVMe/)
  expect(whyNoSnapshot({ ...plan, gdb: { wait: false } })).toMatch(/--gdb/)
})

const alone = { ...plan, disks: [], share: undefined }
test.each<[string, MachinePlan, boolean, 'ready' | 'after-boot-script']>([
  ['what a VM does alone it need do only once', alone, false, 'after-boot-script'],
  ['but not with a secret', alone, true, 'ready'],
  ['nor with a disk', { ...alone, disks: plan.disks }, false, 'ready'],
  [
    'nor with a disk in its memory',
    { ...alone, zram: [{ serial: 'A', sizeMiB: 1 }] as MachinePlan['zram'] },
    false,
    'ready',
  ],
  ['nor with a shared folder', { ...alone, share: plan.share }, false, 'ready'],
  ['nor with a network', { ...alone, network: { kind: 'user' } as MachinePlan['network'] }, false, 'ready'],
])('%s', (_, machine, hasSecrets, expected) => {
  expect(snapshotPoint('after-boot-script', machine, { hasSecrets })).toBe(expected)
  expect(snapshotPoint('ready', machine, { hasSecrets })).toBe('ready')
})

test('what boot.sh is given counts where it runs before', () => {
  const key = (bootScript: unknown) => snapshotKey(plan, { ...facts, bootScript })
  expect(key(undefined)).toBe(snapshotKey(plan, facts))
  expect(key({ script: 'a' })).not.toBe(key(undefined))
  expect(key({ script: 'a' })).not.toBe(key({ script: 'b' }))
})
