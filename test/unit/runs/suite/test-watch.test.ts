import { expect, test } from 'vitest'
import type { Incident } from '../../../../src/machine/incidents.js'
import { crashOf, hangReason, newTaint } from '../../../../src/runs/suite/test-watch.js'

// include/linux/panic.h: bit 0 P, 7 D, 9 W, 12 O, 14 L, 19 J
test.each<[string, number, number, string]>([
  ['nothing new', 0, 0, ''],
  ['nothing new on a tainted kernel', 512 | 4096, 512 | 4096, ''],
  ['a warning', 0, 512, 'W'],
  ['a warning on a tainted kernel', 4096, 4096 | 512, 'W'],
  ['an oops and a warning', 0, 128 | 512, 'DW'],
  ['a lockup', 1, 1 | (1 << 14), 'L'],
  ['all there are', 0, 2 ** 20 - 1, 'PFSRMBUDAWCIOELKXTNJ'],
  ['a flag that nobody knows', 0, 1 << 25, ''],
  ['one that is gone, which cannot be', 512, 0, ''],
])('%s: of %i and %i the new flags are %j', (_, before, after, letters) => {
  expect(newTaint(before, after)).toBe(letters)
})

const dump = `[  100.1] task:kworker/0:1    state:I stack:0     pid:9     ppid:2      flags:0x00004000
[  100.2] task:xfs_io          state:D stack:0     pid:812   ppid:700    flags:0x00000000
[  100.3] task:sync            state:D stack:0     pid:813   ppid:700    flags:0x00000000`

test.each<[number, string, string]>([
  [600_000, dump, 'took longer than 10m; xfs_io is blocked'],
  [3_600_000, '', 'took longer than 1h'],
  [90_000, 'task:bash state:DEAD', 'took longer than 1m30s'],
])('a hang of %i ms is told in one line', (ms, said, reason) => {
  expect(hangReason(ms, said)).toBe(reason)
})

function incident(kind: Incident['kind'], title: string, cause?: Incident): Incident {
  return { kind, title, consoleLine: 1, lines: [], complete: true, repeats: 0, cause }
}

test('a crash is known by the report that led to the panic, else the panic, else the last report', () => {
  const warning = incident('warning', 'WARNING: x')
  const oops = incident('oops', 'BUG: y')
  const panic = incident('panic', 'Kernel panic: y', oops)
  const alone = incident('panic', 'Kernel panic: sysrq')
  const later = incident('warning', 'WARNING: z')
  expect(crashOf([warning, oops, panic, later])).toBe(oops)
  expect(crashOf([warning, alone])).toBe(alone)
  expect(crashOf([warning, later])).toBe(later)
  expect(crashOf([])).toBeUndefined()
})
