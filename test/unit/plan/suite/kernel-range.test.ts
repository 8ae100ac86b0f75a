import { describe, expect, test } from 'vitest'
import { inKernelRange } from '../../../../src/plan/suite/kernel-range.js'

describe('a kernel in a range', () => {
  test.each([
    ['6.1', '6.1.0-56-amd64'],
    ['6.1', '6.1.147'],
    ['6.1', '6.1-rc3'],
    ['6.1.5', '6.1.5-arch1'],
    ['6.1..6.5', '6.1.0'],
    ['6.1..6.5', '6.3.9'],
    ['6.1..6.5', '6.5.13-generic'],
    ['6.9..6.10', '6.10.2'],
    ['6.1.20..6.1', '6.1.30'],
    ['..6.5', '5.19.0'],
    ['..6.5', '6.5.1'],
    ['6.13..', '6.13.0-rc3+'],
    ['6.13..', '7.0.0'],
    ['*', '6.1.0'],
    ['*', 'no version'],
  ])('%s has %s', (range, release) => {
    expect(inKernelRange(range, release)).toBe(true)
  })
})

describe('a kernel outside of a range', () => {
  test.each([
    ['6.1', '6.10.0'],
    ['6.1', '6.2.0'],
    ['6.1', '5.1.0'],
    ['6.1.5', '6.1.50'],
    ['6.1..6.5', '6.6.0-rc1'],
    ['6.1..6.5', '6.0.19'],
    ['6.1..6.5', '5.3.0'],
    ['..6.5', '6.10.0'],
    ['..6.5.3', '6.5.4'],
    ['6.10..', '6.9.9'],
    ['6.1.20..', '6.1.19'],
  ])('%s has not %s', (range, release) => {
    expect(inKernelRange(range, release)).toBe(false)
  })
})

describe('no range', () => {
  test.each(['', '6', '6.x', 'v6.1', '6.1...6.5', '6.1-6.5', '..', '[6.1]', '6.1.2.3', '6.1..6.5..6.7', '**'])(
    '"%s"',
    (range) => {
      const message = `"${range}" is no range of kernels; use 6.1, 6.1..6.5, ..6.5, 6.1.. or *`
      expect(() => inKernelRange(range, '6.1.0')).toThrow(expect.objectContaining({ code: 'usage', message }))
    },
  )

  test.each(['6.5..6.1', '6.10..6.9', '6.1.5..6.1.4'])('%s is the wrong way round', (range) => {
    expect(() => inKernelRange(range, '6.1.0')).toThrow(`"${range}" ends before it begins; use the older kernel first`)
  })
})

test('a release without a version is told', () => {
  expect(() => inKernelRange('6.1', 'next-20260101')).toThrow(
    'the kernel\'s release "next-20260101" begins with no version',
  )
})
