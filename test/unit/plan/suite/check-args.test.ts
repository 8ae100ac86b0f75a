import { describe, expect, test } from 'vitest'
import { type CheckArgs, readCheckArgs } from '../../../../src/plan/suite/check-args.js'

const nothing: CheckArgs = {
  groups: [],
  excludedGroups: [],
  excludeFilesInDirs: [],
  excludedTests: [],
  excludeFiles: [],
  patterns: [],
  sections: [],
  excludedSections: [],
  order: { kind: 'sorted' },
  dryRun: false,
  passed: [],
  runExcluded: false,
}

const read = (words: readonly string[]) => readCheckArgs(words, { seed: 7 })

describe('what check understands', () => {
  test.each<[string[], Partial<CheckArgs>]>([
    [[], {}],
    [['-g', 'quick'], { groups: ['quick'] }],
    [['-g', 'quick,rw', '-g', 'xfs/log attr'], { groups: ['quick', 'rw', 'xfs/log', 'attr'] }],
    [['-x', 'dangerous,,stress', '-x', ''], { excludedGroups: ['dangerous', 'stress'] }],
    [['-X', '.exclude'], { excludeFilesInDirs: ['.exclude'] }],
    [['-e', 'generic/270, xfs/076', '-e', 'xfs/001'], { excludedTests: ['generic/270', 'xfs/076', 'xfs/001'] }],
    [['-E', 'a.exclude', '-E', '/b c'], { excludeFiles: ['a.exclude', '/b c'] }],
    [
      ['-s', 'xfs_4k xfs_1k', '-s', 'logdev', '-S', 'rt'],
      { sections: ['xfs_4k', 'xfs_1k', 'logdev'], excludedSections: ['rt'] },
    ],
    [['-n'], { dryRun: true }],
    [['--run-excluded', '-E', 'a'], { runExcluded: true, excludeFiles: ['a'] }], // not of check, but with its words
    [['-r'], { order: { kind: 'random', seed: 7 } }],
    [['--exact-order', '--exact-order'], { order: { kind: 'exact' } }],
    [['generic/001', 'xfs/???'], { patterns: ['generic/001', 'xfs/???'] }],
    [['-n', 'generic/0* xfs/001'], { dryRun: true, patterns: ['generic/0*', 'xfs/001'] }],
    [['-T', '-b', '-R', 'xunit', '-l', '-udiff'], { passed: ['-T', '-b', '-R', 'xunit', '-l', '-udiff'] }],
    [['--large-fs', '--extra-space=1G'], { passed: ['--large-fs', '--extra-space=1G'] }],
  ])('%j', (words, expected) => {
    expect(read(words)).toEqual({ ...nothing, ...expected })
  })
})

describe('refused with what rapido has for it', () => {
  test.each([
    [['-i', '5'], /--until-fail, or --rerun-failed N/],
    [['-I', '5'], /--until-fail$/],
    [['-L', '2'], /--rerun-failed N$/],
    [['-d'], /in the results/],
    [['--help'], /rapido fstests --help/],
    [['-overlay'], /rapido fstests overlay$/],
    [['-9p', '-g', 'quick'], /rapido fstests 9p$/],
  ])('%j', (words, hint) => {
    expect(() => read(words)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `${words[0]} of check is not for rapido`,
        hint: expect.stringMatching(hint),
      }),
    )
  })
})

describe('refused as mistakes', () => {
  test.each([
    [['--exact-oder'], 'no option "--exact-oder"; did you mean "--exact-order"?'],
    [['--extra-space'], 'no option "--extra-space"; did you mean "--extra-space=N"?'],
    [['-G', 'quick'], 'no option "-G"; did you mean "-g"?'],
    [['-q'], 'no option "-q"'],
    [['--', 'generic/001'], 'no option "--"'],
    [['-g'], '-g: what?'],
    [['-E', '-n'], '-E: what?'],
    [['-g', ' ,'], '-g " ," names no group'],
    [['-r', '--exact-order'], '-r and --exact-order: only one of them can be'],
    [['--exact-order', '-r'], '-r and --exact-order: only one of them can be'],
    [['-X', 'a', '-X', 'b'], '-X b: there is -X a already, and check reads one only'],
    [['generic/001', '-n'], '-n stands behind a test'],
    [[''], '"" names no test'], // an unset variable must not run everything
  ])('%j', (words, message) => {
    expect(() => read(words)).toThrow(expect.objectContaining({ code: 'usage', message, hint: expect.any(String) }))
  })
})
