import { expect, test } from 'vitest'
import { kernelArgs } from '../../../src/plan/kernel-args.js'

type Plan = Parameters<typeof kernelArgs>[0]

const clocks = ['no_timer_check', 'tsc=unstable', 'lpj=10384480']

test.each<[string, Partial<Plan>]>([
  ['tcg', {}],
  ['kvm', { accel: 'kvm' }],
  ['serial-channel', { channel: { kind: 'serial' } }],
  ['extra', { extra: ['xfs.dyndbg=+p', 'loglevel=8', 'quiet'] }],
])('the kernel command line of %s is that of test/fixtures/qemu/%s.cmdline', async (name, changes) => {
  const words = kernelArgs({ accel: 'tcg', clocks, channel: { kind: 'virtio' }, extra: [], ...changes })
  expect(words.filter((word) => /\s|^$/.test(word))).toEqual([])
  await expect(`${words.join('\n')}\n`).toMatchFileSnapshot(`../../fixtures/qemu/${name}.cmdline`)
})

test('what the user adds comes last, so that it wins', () => {
  const words = kernelArgs({ accel: 'tcg', clocks, channel: { kind: 'serial' }, extra: ['loglevel=8'] })
  expect(words.at(-1)).toBe('loglevel=8')
})
