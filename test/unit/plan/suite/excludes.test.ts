import { describe, expect, test } from 'vitest'
import {
  excludedBy,
  namedExcludes,
  needlessExcludes,
  parseExcludes,
  unknownExcludes,
} from '../../../../src/plan/suite/excludes.js'
import { testTree } from '../../../../src/plan/suite/group-lists.js'

test('an exclude file has a test, a range and a reason in a line', () => {
  const text = `# what fails here

generic/270  # quota and CAP_SYS_RESOURCE
xfs/076\t6.1..6.5\t# bug #76, mended in 6.6
generic/1000-soak * # long
`
  expect(parseExcludes(text, 'xfs.exclude')).toEqual([
    { test: 'generic/270', range: '*', reason: 'quota and CAP_SYS_RESOURCE', source: 'xfs.exclude', line: 3 },
    { test: 'xfs/076', range: '6.1..6.5', reason: 'bug #76, mended in 6.6', source: 'xfs.exclude', line: 4 },
    { test: 'generic/1000-soak', range: '*', reason: 'long', source: 'xfs.exclude', line: 5 },
  ])
})

test('in a file of -X the names are those of its folder, several in a line if you like', () => {
  const excludes = parseExcludes('  270 271 ..6.5 # a\r\n076 # b\n', 'tests/xfs/old', { dir: 'xfs' })
  expect(excludes.map(({ test, range, reason, line }) => [test, range, reason, line])).toEqual([
    ['xfs/270', '..6.5', 'a', 1],
    ['xfs/271', '..6.5', 'a', 1],
    ['xfs/076', '*', 'b', 2],
  ])
})

test('all mistakes are told at once, with their lines', () => {
  const text = [
    'generic/270',
    'generic/271 #',
    'generic/* # all',
    '270 # which?',
    'generic/272 6.x # odd',
    'generic/273 6.5..6.1 # turned',
    ' generic/274 # indented',
    'generic/275 6.1 flaky # two words',
    'generic/276 # fine',
  ].join('\n')
  expect(() => parseExcludes(text, 'e')).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: [
        'e:1: generic/270 has no reason; write it behind a #',
        'e:2: generic/271 has no reason; write it behind a #',
        'e:3: "generic/*" is no test; use a folder and a test, such as generic/270',
        'e:4: "270" is no test; use a folder and a test, such as generic/270',
        'e:5: "6.x" is no range of kernels; use 6.1, 6.1..6.5, ..6.5, 6.1.. or *',
        'e:6: "6.5..6.1" ends before it begins; use the older kernel first',
        'e:7: check does not see a test behind a blank: begin the line with it',
        'e:8: what is "flaky"? A reason stands behind a #',
      ].join('\n'),
      hint: 'such as: generic/270  6.1..6.5  # why',
    }),
  )
})

test('a whole name in a file of -X is a mistake: check would look for xfs/xfs/270', () => {
  expect(() => parseExcludes('xfs/270 # a', 'old', { dir: 'xfs' })).toThrow(
    'old:1: "xfs/270" is no test; use a test of tests/xfs, such as 270',
  )
})

describe('which tests are left out', () => {
  const excludes = [
    ...namedExcludes(['xfs/001']),
    ...parseExcludes('xfs/001 # second\ngeneric/270 6.1 # a\ngeneric/271 6.5.. # b\nxfs/999 # c\n', 'e'),
  ]

  test.each([
    ['6.1.0', { 'xfs/001': 'named by -e', 'generic/270': 'a' }],
    ['6.6.2', { 'xfs/001': 'named by -e', 'generic/271': 'b' }],
  ])('on %s', (release, expected) => {
    const tests = ['generic/270', 'generic/271', 'xfs/001', 'xfs/002']
    const reasons = [...excludedBy(excludes, { release, tests })].map(([test, { reason }]) => [test, reason])
    expect(Object.fromEntries(reasons)).toEqual(expected)
  })

  test('nothing that is not selected', () => {
    expect(excludedBy(excludes, { release: '6.1.0', tests: ['xfs/002'] }).size).toBe(0)
  })
})

test('excludes of tests that are not there are told, a line for each file', () => {
  const tree = testTree({ generic: '270 auto', btrfs: '001 auto' })
  const excludes = [
    ...parseExcludes('btrfs/001 # other FS\ngeneric/270 # a\ngeneric/999 # b\nhfs/001 # c\n', 'e'),
    ...namedExcludes(['generic/270', 'tests/generic/270']),
  ]
  expect(unknownExcludes(excludes, tree)).toEqual([
    'e: there is no generic/999 (line 3), hfs/001 (line 4)',
    '-e: there is no tests/generic/270',
  ])
  expect(unknownExcludes(namedExcludes(['generic/270']), tree)).toEqual([])
})

test('excludes of tests that pass are told with the lines to take out', () => {
  const excludes = [
    ...parseExcludes('generic/270 # a\n# b\nxfs/001 # c\n', 'e'),
    ...parseExcludes('xfs/002 # d\n', 'f'),
  ]
  expect(needlessExcludes(excludes)).toEqual([
    'e: no longer fails, take it out: generic/270 (line 1), xfs/001 (line 3)',
    'f: no longer fails, take it out: xfs/002 (line 1)',
  ])
  expect(needlessExcludes([])).toEqual([])
})
