import { expect, test } from 'vitest'
import type { Machine } from '../../../src/machine/machine.js'
import type { DiskPlan } from '../../../src/plan/disks.js'
import type { RunPlan } from '../../../src/runs/plan-run.js'
import { flushMs, howToStop } from '../../../src/runs/vm.js'

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

test.each<['auto' | 'always', Partial<Machine['plan']>, 'quit' | 'poweroff']>([
  ['auto', {}, 'quit'],
  ['always', {}, 'poweroff'],
  ['auto', { disks: [scratch] }, 'poweroff'],
  ['auto', { network: { kind: 'bridge' } as Machine['plan']['network'] }, 'poweroff'],
  ['auto', { share: { path: '/', readonly: true } as Machine['plan']['share'] }, 'poweroff'],
  ['auto', { extraArgs: ['-hda', 'my.img'] }, 'poweroff'],
])('with run.power_off = %s a machine with %j is stopped by %s', (power_off, more, expected) => {
  const settings = { run: { power_off } } as RunPlan['settings']
  const plan = { disks: [], network: { kind: 'none' }, share: undefined, extraArgs: [], ...more }
  expect(howToStop({ settings } as RunPlan, { plan } as unknown as Machine)).toBe(expected)
})
