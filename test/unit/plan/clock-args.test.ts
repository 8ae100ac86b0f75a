import { expect, test } from 'vitest'
import { clockArgs } from '../../../src/plan/clock-args.js'

const config = 'CONFIG_NO_HZ=y\nCONFIG_HZ=250\n'

test.each<[string, Parameters<typeof clockArgs>, string[]]>([
  ['is told how long its delays are', [{ config }, 2_596_120], ['lpj=10384480']],
  ['measures its delays where nobody knows how often it ticks', [{}, 2_596_120], []],
  ['measures them where the TSC of the host is not known', [{ config }, undefined], []],
])('an emulated kernel has no TSC for a clock, and %s', (_, args, expected) => {
  expect(clockArgs(...args)).toEqual(['no_timer_check', 'tsc=unstable', ...expected])
})
