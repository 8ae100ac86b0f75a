import { expect, test } from 'vitest'
import { duration, oneLine, tail } from '../../../src/report/plain.js'

test.each([
  ['a\n  b\tc \r\n', 'a b c'],
  ['\x1b[31mred\x1b[0m', 'red'],
  ['x'.repeat(300), 'x'.repeat(300)],
  ['x'.repeat(301), `${'x'.repeat(299)}…`],
  [`${'x'.repeat(298)}😀yy`, `${'x'.repeat(298)}…`], // no half of a character
])('%j on one line', (text, line) => {
  expect(oneLine(text)).toBe(line)
})

test('the end of a text begins with a line, and is no longer when cut again', () => {
  const end = tail('one\ntwo\nthree\nfour\n', 18)
  expect(end).toBe('[… cut]\nfour\n')
  expect(tail(end, 18)).toBe(end)
})

test('the end of one long line is not lost with its line end', () => {
  expect(tail(`${'x'.repeat(100)}\n`, 20)).toBe(`[… cut]\n${'x'.repeat(11)}\n`)
})

test.each([
  [400, '0.4 s'],
  [75_000, '75 s'],
  [725_000, '12 min 5 s'],
  [7_199_999, '2 h 0 min'],
  [21_672_000, '6 h 1 min'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})
