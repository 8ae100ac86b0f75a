import { expect, test } from 'vitest'
import type { Machine } from '../../../src/machine/machine.js'
import type { DiskPlan } from '../../../src/plan/disks.js'
import type { RunPlan } from '../../../src/runs/plan-run.js'
import { flushMs } from '../../../src/runs/vm.js'

const scratch = { medium: { kind: 'scratch', file: '/s', sizeMiB: 1 }, readonly: false } as DiskPlan
const file = { ...scratch, medium: { kind: 'file', file: '/f' } } as DiskPlan
const throwaway = { kind: 'throwaway', needs: [] } as RunPlan['ceph']

type Network = Machine['plan']['network']['kind']

test.each<[string, DiskPlan[], RunPlan['ceph'], number, Network?]>([
  ['a scratch disk goes with the VM', [scratch], undefined, 0],
  ['a file does not', [scratch, file], undefined, 15_000],
  ['a file that is only read has nothing to come', [{ ...file, readonly: true }], undefined, 0],
  ['what is in a cluster does not, either', [], throwaway, 15_000],
  ['what another machine has does not, either', [], undefined, 15_000, 'bridge'],
])('%s', (_, disks, ceph, expected, kind = 'none') => {
  expect(flushMs({ ceph } as RunPlan, { plan: { disks, network: { kind } } } as Machine)).toBe(expected)
})
