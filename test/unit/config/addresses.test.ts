import { expect, test } from 'vitest'
import { addressRangeProblem } from '../../../src/config/addresses.js'

test.each<[string, string | undefined]>([
  ['192.168.155.200,192.168.155.250', undefined],
  ['10.0.0.5,10.0.0.5', undefined],
  ['10.0.0.9,10.0.0.10', undefined],
  ['10.0.0.10,10.0.0.9', 'ends before it starts'],
  ['10.0.0.5', 'is no range of IPv4 addresses'],
  ['10.0.0.5,10.0.0.9,10.0.0.11', 'is no range of IPv4 addresses'],
  ['10.0.0.5-10.0.0.9', 'is no range of IPv4 addresses'],
  ['10.0.0.5/24,10.0.0.9/24', 'is no range of IPv4 addresses'],
  ['10.0.0.5,10.0.0.256', 'is no range of IPv4 addresses'],
  ['fd00::5,fd00::9', 'is no range of IPv4 addresses'],
])('a range of addresses: %s %s', (written, problem) => {
  expect(addressRangeProblem(written)).toBe(problem)
})
