import { describe, expect, test } from 'vitest'
import { compareReleases, newestFirst } from '../../../src/plan/kernel-release.js'

describe('the older release comes first', () => {
  test.each([
    ['6.9.12', '6.10.0'],
    ['6.1.0-7-amd64', '6.1.0-56-amd64'],
    ['6.10.0-rc1', '6.10.0'],
    ['6.10.0-rc2', '6.10.0-rc10'],
    ['6.10.0-rc7+', '6.10.1'],
    ['6.9.0-amd64', '6.10.0-rc1'],
    ['6.1.0', '6.1.0-1-amd64'],
    ['5.14.0-427.el9.x86_64', '5.14.0-503.el9.x86_64'],
    ['6.6.9-arch1-1', '6.6.10-arch1-1'],
  ])('%s before %s', (older, newer) => {
    expect(Math.sign(compareReleases(older, newer))).toBe(-1)
    expect(Math.sign(compareReleases(newer, older))).toBe(1)
  })
})

test('the newest kernel comes first in a list', () => {
  const releases = ['6.9.1', '6.10.0', '6.10.0-rc3', '5.15.2'].map((release) => ({ release }))
  expect(newestFirst(releases).map(({ release }) => release)).toEqual(['6.10.0', '6.10.0-rc3', '6.9.1', '5.15.2'])
})
