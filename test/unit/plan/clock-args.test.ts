import { expect, test } from 'vitest'
import { clockArgs } from '../../../src/plan/clock-args.js'

const config = 'CONFIG_NO_HZ=y\nCONFIG_HZ=250\n'
const told = ['no_timer_check', 'tsc=reliable', 'tsc_early_khz=2596120']
const untold = ['no_timer_check', 'tsc=unstable']

test.each<[string, Parameters<typeof clockArgs>, string[]]>([
  [
    'is told its TSC, and what follows from it',
    [{ release: '6.1.0-50-amd64', config }, 2_596_120],
    [...told, 'lpj=10384480'],
  ],
  ['measures its delays where nobody knows how often it ticks', [{ release: '5.8.0' }, 2_596_120], told],
  ['has no use for a TSC that it would measure itself', [{ release: '5.7.19', config }, 2_596_120], untold],
  ['has no use for one that does not keep time', [{ release: '6.1.0', config }, undefined], untold],
])('an emulated kernel %s', (_, args, expected) => {
  expect(clockArgs(...args)).toEqual(expected)
})
