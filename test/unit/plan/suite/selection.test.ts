import { describe, expect, test } from 'vitest'
import { readCheckArgs } from '../../../../src/plan/suite/check-args.js'
import { testTree } from '../../../../src/plan/suite/group-lists.js'
import { selectTests } from '../../../../src/plan/suite/selection.js'

const tree = testTree({
  generic: '001 auto quick rw\n002 auto rw\n003 stress\n1000 auto quick\n',
  ext4: '001 auto quick\n002 log\n',
  xfs: '001 auto quick\n010 auto log\n020-rename quick\n',
  perf: '001 auto\n',
})

const select = (command: string, fstyp = 'xfs') =>
  selectTests(tree, readCheckArgs(command.split(' ').filter(Boolean), { seed: 4 }), { fstyp })

describe('as check -n', () => {
  test.each([
    ['', 'xfs', 'generic/001 generic/002 generic/1000 xfs/001 xfs/010'], // -g auto
    ['-g quick', 'xfs', 'generic/001 generic/1000 xfs/001 xfs/020-rename'],
    ['-g rw,log', 'xfs', 'generic/001 generic/002 xfs/010'],
    ['-g quick', 'ext4', 'ext4/001 generic/001 generic/1000'],
    ['-g quick', 'ext3', 'ext4/001 generic/001 generic/1000'],
    ['-g quick', '9p', 'generic/001 generic/1000'], // no folder of its own
    ['-g quick', 'constructor', 'generic/001 generic/1000'],
    ['-g ext4/log', 'xfs', 'ext4/002'],
    ['-g all', 'xfs', 'generic/001 generic/002 generic/003 generic/1000 xfs/001 xfs/010 xfs/020-rename'],
    ['-g all', 'ext3', 'generic/001 generic/002 generic/003 generic/1000'], // check knows ext3 as ext4 for other groups only
    ['-x rw', 'xfs', 'generic/1000 xfs/001 xfs/010'],
    ['-g quick -x xfs/auto', 'xfs', 'generic/001 generic/1000 xfs/020-rename'],
    ['-x rw generic/001 generic/003', 'xfs', 'generic/003'], // of what is named, too
    ['generic/003', 'xfs', 'generic/003'],
    ['-g log generic/003', 'xfs', 'generic/003 xfs/010'], // a test beside a group is one more
    ['perf/001', 'xfs', 'perf/001'],
    ['tests/generic/003', 'xfs', 'generic/003'],
    ['xfs/???', 'xfs', 'xfs/001 xfs/010'],
    ['generic/0* *f[q-s]/001', 'xfs', 'generic/001 generic/002 generic/003 xfs/001'],
    ['*/[!1]01', 'xfs', 'ext4/001 generic/001 perf/001 xfs/001'],
    ['xfs/020', 'xfs', 'xfs/020-rename'], // the number will do
    ['generic/002 generic/001 generic/002', 'xfs', 'generic/001 generic/002'],
    ['--exact-order xfs/010 generic/002', 'xfs', 'xfs/010 generic/002'],
    ['--exact-order -g quick xfs/001', 'xfs', 'xfs/001 generic/001 generic/1000 xfs/020-rename'],
    ['--exact-order -g log,rw', 'xfs', 'xfs/010 generic/001 generic/002'],
    ['--exact-order -g all', 'ext4', 'generic/001 generic/002 generic/003 generic/1000 ext4/001 ext4/002'],
  ])('check %s on %s: %s', (command, fstyp, tests) => {
    expect(select(command, fstyp)).toEqual({ tests: tests.split(' '), notes: [] })
  })
})

test('-r shuffles the same tests, by the seed', () => {
  const { tests } = select('-r')
  expect(tests).not.toEqual(select('').tests)
  expect([...tests].sort()).toEqual(select('').tests)
  expect(select('-r').tests).toEqual(tests)
})

describe('what check goes on without', () => {
  test.each([
    ['-g quik', 'no group "quik" among those of tests/generic and tests/xfs; did you mean "quick"?'],
    ['-g metacopy', 'no group "metacopy" among those of tests/generic and tests/xfs'],
    ['-g xfs/quik', 'no group "xfs/quik"; did you mean "xfs/quick"?'],
    ['-g xsf/quick', 'no group "xsf/quick"; did you mean "xfs/quick"?'],
    ['-g all,quick', 'no group "all" among those of tests/generic and tests/xfs'],
    ['generic/0001', 'no test "generic/0001"; did you mean "generic/001"?'],
    ['generic/00', 'no test "generic/00"; did you mean "generic/001"?'],
    ['xfs/9*', 'no test matches "xfs/9*"'],
    ['xfs/[9-0]', 'no test matches "xfs/[9-0]"'],
    ['generic/?0.', 'no test matches "generic/?0."'],
    ['quick', 'no test "quick"'],
    ['-g nix 7 generic/001', 'no test "7"\nno group "nix" among those of tests/generic and tests/xfs'],
    ['-x auto', '-x auto leaves no test to run'],
  ])('check %s is refused', (command, message) => {
    expect(() => select(command)).toThrow(expect.objectContaining({ code: 'usage', message, hint: expect.any(String) }))
  })

  test('-g all among others says how it can be', () => {
    expect(() => select('-g all generic/001')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('for itself') }),
    )
  })

  test('an unknown group in -x is a note', () => {
    const { tests, notes } = select('-x rw,slwo,lgo -g quick')
    expect(tests).toEqual(['generic/1000', 'xfs/001', 'xfs/020-rename'])
    expect(notes).toEqual([
      '-x slwo leaves nothing out: no group "slwo" among those of tests/generic and tests/xfs',
      '-x lgo leaves nothing out: no group "lgo" among those of tests/generic and tests/xfs; did you mean "log"?',
    ])
  })

  test('a test that --exact-order names twice runs once, and it is said', () => {
    expect(select('--exact-order xfs/010 xfs/001 xfs/010')).toEqual({
      tests: ['xfs/010', 'xfs/001'],
      notes: ['xfs/010 is named more than once and runs once'],
    })
  })
})
