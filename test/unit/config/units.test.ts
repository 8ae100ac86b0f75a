import { expect, test } from 'vitest'
import { formatDurationMs, parseDurationMs, parseSizeMiB } from '../../../src/config/units.js'

test.each([
  ['512M', 512],
  ['4G', 4096],
  ['4g', 4096],
  ['1.5G', 1536],
  ['2GiB', 2048],
  ['1T', 1_048_576],
])('the size %s is %i MiB', (written, mebibytes) => {
  expect(parseSizeMiB(written)).toBe(mebibytes)
})

test.each(['', '512', 'M', '0M', '-1G', '512 M', '512MB', '512K', '1.0001G', '1e3M', '99999999999999T', 'lots'])(
  '%j is no size',
  (written) => {
    expect(parseSizeMiB(written)).toBeUndefined()
  },
)

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['1h0m5s', 3_605_000],
  ['24d', 2_073_600_000],
])('the duration %s is %i ms', (written, milliseconds) => {
  expect(parseDurationMs(written)).toBe(milliseconds)
})

test.each(['', '0s', '10', 's', '-1s', '1.5h', '10 m', '30m1h', '10M', '1h1h', 'none'])(
  '%j is no duration',
  (written) => {
    expect(parseDurationMs(written)).toBeUndefined()
  },
)

test("a duration ends below what Node's timers can wait, for beyond it they fire at once", () => {
  expect(parseDurationMs('24d1ms')).toBeUndefined()
  expect(parseDurationMs('24d')).toBeLessThan(2 ** 31)
})

test.each([
  [0, '0s'],
  [500, '500ms'],
  [60_000, '1m'],
  [90_000, '1m30s'],
  [5_400_000, '1h30m'],
  [90_061_001, '1d1h1m1s1ms'],
])('%i ms is shown as %s', (milliseconds, shown) => {
  expect(formatDurationMs(milliseconds)).toBe(shown)
})
