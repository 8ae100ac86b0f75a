import { expect, test } from 'vitest'
import { nearest } from '../../../src/config/nearest.js'

const words = ['cephfs', 'rbd', 'simple', 'kernel', 'memory', 'cpus', 'vm']

test.each([
  ['cefs', 'cephfs'],
  ['cephf', 'cephfs'],
  ['CEPHFS', 'cephfs'],
  ['rdb', 'rbd'], // two letters swapped are one slip
  ['simpel', 'simple'],
  ['kernal', 'kernel'],
  ['mem', 'memory'], // a beginning
  ['cpu', 'cpus'],
])('%s is near to %s', (typed, meant) => {
  expect(nearest(typed, words)).toBe(meant)
})

test.each(['', 'x', 'fs', 'network', 'simple-example-of-mine'])('%j is near to none of them', (typed) => {
  expect(nearest(typed, words)).toBeUndefined()
})

test('of two that are near the nearer is meant', () => {
  expect(nearest('boots', ['boost', 'boot'])).toBe('boost')
  expect(nearest('install', ['install_optional', 'instal'])).toBe('instal')
})
