import { expect, test } from 'vitest'
import { formatCheckTime, parseCheckTime } from '../../../../src/plan/suite/check-time.js'

test('times are milliseconds; the last of a test counts', () => {
  const text = 'generic/001 4\nxfs/076 0\ngeneric/001 6\n'
  expect([...parseCheckTime(text)]).toEqual([
    ['generic/001', 6000],
    ['xfs/076', 0],
  ])
})

test.each(['', 'generic/001', 'generic/001 ', 'generic/001 -3', 'generic/001 1.5', ' 4'])('"%s" is no time', (line) => {
  expect(parseCheckTime(line).size).toBe(0)
})

test('they are written as check does: seconds, by name', () => {
  const times = new Map([
    ['xfs/001', 1499],
    ['generic/1000', 2500],
    ['generic/100', 0],
  ])
  expect(formatCheckTime(times)).toBe('generic/100 0\ngeneric/1000 3\nxfs/001 1\n')
  expect(formatCheckTime(parseCheckTime(formatCheckTime(times)))).toBe(formatCheckTime(times))
})
