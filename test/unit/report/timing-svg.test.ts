import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Phase } from '../../../src/report/timing.js'
import { timingSvg } from '../../../src/report/timing-svg.js'

const golden = join(import.meta.dirname, '../../fixtures/report')

const boot: Phase[] = [
  { name: 'rapido starts', startMs: 0, durationMs: 81.3 },
  { name: 'planning', startMs: 81.3, durationMs: 40.2 },
  { name: 'QEMU starts', startMs: 121.5, durationMs: 178.5 },
  { name: 'kernel', startMs: 300, durationMs: 1400 },
  { name: 'init and agent', startMs: 1700, durationMs: 300 },
]

test('a boot as a plot', async () => {
  const svg = timingSvg(boot, { title: 'rapido boot simple on 6.1.0' })
  await expect(svg).toMatchFileSnapshot(join(golden, 'timing.svg'))
})

test('bars follow each other without gaps, from one end of the axis to the other', () => {
  const bars = barsOf(timingSvg(boot, { title: '' }))
  expect(bars).toHaveLength(boot.length)
  expect(bars[0]?.x).toBe(270)
  for (const [index, { x }] of bars.entries()) {
    const before = bars[index - 1]
    if (before) expect(x).toBeCloseTo(before.x + before.width, 0)
  }
  expect((bars.at(-1)?.x ?? 0) + (bars.at(-1)?.width ?? 0)).toBeCloseTo(880, 0)
})

test.each([
  [90, ['0 s', '0.02 s', '0.04 s', '0.06 s', '0.08 s']],
  [620, ['0 s', '0.1 s', '0.2 s', '0.3 s', '0.4 s', '0.5 s', '0.6 s']],
  [2000, ['0 s', '0.5 s', '1 s', '1.5 s', '2 s']],
  [61_000, ['0 s', '10 s', '20 s', '30 s', '40 s', '50 s', '60 s']],
])('the axis of %i ms has round times', (durationMs, ticks) => {
  const svg = timingSvg([{ name: 'kernel', startMs: 0, durationMs }], { title: '' })
  expect([...svg.matchAll(/class="tick"[^>]*>([^<]*)</g)].map(([, text]) => text)).toEqual(ticks)
})

test('a phase too short for the axis is still seen', () => {
  const short = { name: 'image', startMs: 60_000, durationMs: 1 }
  const [, bar] = barsOf(timingSvg([{ name: 'kernel', startMs: 0, durationMs: 60_000 }, short], { title: '' }))
  expect(bar?.width).toBe(1)
})

test('names are text, whatever is in them', () => {
  const svg = timingSvg([{ name: '<b>&', startMs: 0, durationMs: 1 }], { title: 'a < b' })
  expect(svg).toContain('&lt;b&gt;&amp;</text>')
  expect(svg).toContain('a &lt; b: 0.0 s')
})

function barsOf(svg: string): { x: number; width: number }[] {
  return [...svg.matchAll(/class="bar" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(([, x, width]) => {
    return { x: Number(x), width: Number(width) }
  })
}
