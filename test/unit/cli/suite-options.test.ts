import { expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.js'
import {
  readSuiteOptions,
  type SuiteCommandOptions,
  suiteOptions,
  withCheckWordsApart,
} from '../../../src/cli/suite-options.js'

/** Each command line as it is typed, and as our parser gets it. */
test.each<[string, string]>([
  ['fstests xfs', 'fstests xfs'],
  ['fstests xfs -g quick', 'fstests xfs -- -g quick'],
  ['fstests xfs generic/001 xfs/???', 'fstests xfs -- generic/001 xfs/???'],
  ['fstests xfs -g quick -x dangerous -e generic/270', 'fstests xfs -- -g quick -x dangerous -e generic/270'],
  ['fstests -g quick xfs', 'fstests quick -- -g xfs'], // as check: the file system comes first
  ['fstests xfs -g quick --vms 2 generic/001', 'fstests xfs --vms 2 -- -g quick generic/001'],
  ['fstests --vms 2 xfs -g quick', 'fstests --vms 2 xfs -- -g quick'],
  ['fstests xfs --vms=2 -g quick', 'fstests xfs --vms=2 -- -g quick'],
  ['fstests xfs --until-fail generic/001', 'fstests xfs --until-fail -- generic/001'],
  ['fstests xfs generic/001 --run-excluded -E e', 'fstests xfs --run-excluded -- generic/001 -E e'],
  ['fstests xfs --strict --dry-run -n', 'fstests xfs --strict --dry-run -- -n'],
  ['fstests xfs --set fstests.src=/x -r', 'fstests xfs --set fstests.src=/x -- -r'],
  ['fstests xfs --junit -', 'fstests xfs --junit -'],
  ['fstests xfs --json - generic/001', 'fstests xfs --json - -- generic/001'],
  ['fstests xfs --exact-order --large-fs', 'fstests xfs -- --exact-order --large-fs'],
  ['fstests xfs --extra-space=10', 'fstests xfs -- --extra-space=10'],
  ['fstests xfs --frobnicate', 'fstests xfs -- --frobnicate'], // check's reader says what it thinks of it
  ['fstests xfs -- -g quick --vms 2', 'fstests xfs -- -g quick --vms 2'],
  ['fstests xfs --vms 2 -- generic/001', 'fstests xfs --vms 2 -- generic/001'],
  ['fstests xfs --', 'fstests xfs'],
  ['fstests xfs -g quick --vms', 'fstests xfs --vms -- -g quick'],
  ['fstests --help', 'fstests --help'],
  ['fstests xfs -h', 'fstests xfs -h'],
  ['fstests -- xfs', 'fstests -- xfs'],
  ['--set fstests.src=/x fstests xfs -g quick', '--set fstests.src=/x fstests xfs -- -g quick'],
  ['--verbose --config x.toml fstests xfs -d', '--verbose --config x.toml fstests xfs -- -d'],
  ['--config fstests fstests xfs -d', '--config fstests fstests xfs -- -d'],
  // Other commands, and words that only look like it, are left as they are.
  ['run fstests -x true', 'run fstests -x true'],
  ['show fstests-xfs -g quick', 'show fstests-xfs -g quick'],
  ['--config fstests list -x', '--config fstests list -x'],
  ['exec 1 -- fstests -g quick', 'exec 1 -- fstests -g quick'],
  ['', ''],
])('%j is read as %j', (typed, read) => {
  const words = (line: string) => line.split(' ').filter((word) => word !== '')
  expect(withCheckWordsApart(words(typed))).toEqual(words(read))
})

test('an argument keeps its blanks and quotes, whatever they mean to a shell', () => {
  const words = ['fstests', 'xfs', '-s', 'my section', 'generic/0[12]*', '']
  expect(withCheckWordsApart(words)).toEqual(['fstests', 'xfs', '--', '-s', 'my section', 'generic/0[12]*', ''])
})

test('no option that the commands of suites have is taken for one of check', async () => {
  const { default: yargs } = await import('yargs')
  const names: string[] = []
  const recorder: unknown = new Proxy(yargs(), {
    get: (_, key) => (name: string) => {
      if (key === 'option') names.push(name)
      return recorder
    },
  })
  suiteOptions(recorder as ReturnType<typeof yargs>)
  expect(names).toContain('vms')
  const { options } = (await commands.find(({ command }) => command.startsWith('fstests'))?.load()) ?? {}
  options?.(recorder as ReturnType<typeof yargs>)
  for (const name of [...names, 'set', 'config', 'verbose', 'help']) {
    expect(withCheckWordsApart(['fstests', 'xfs', `--${name}`]), name).toEqual(['fstests', 'xfs', `--${name}`])
  }
})

const typed = { 'dry-run': false } as SuiteCommandOptions

test.each<[number, boolean]>([
  [0, false],
  [1, true],
  [100, true],
  [101, false],
  [1.5, false],
  [Number.NaN, false],
])('%d as a number from 1 to 100: %j', (value, isOne) => {
  const read = () => readSuiteOptions({ ...typed, vms: value }).vms
  if (isOne) expect(read()).toBe(value)
  else expect(read).toThrow('--vms: use a number from 1 to 100')
})

test('what the command line leaves out is as it was in the run that goes on, but for the limit of all of it', () => {
  const usual = { vms: 1, maxCrashes: 20, rerunFailed: 0, untilFail: false, strict: false }
  expect(readSuiteOptions(typed)).toEqual(usual)
  const earlier = { ...usual, vms: 4, rerunFailed: 2, strict: true, testTimeoutMs: 1000, timeoutMs: 5000 }
  expect(readSuiteOptions(typed, earlier)).toEqual({ ...earlier, timeoutMs: undefined })
  const more = { ...typed, vms: 2, strict: false, 'test-timeout': '2h', timeout: '1m' }
  expect(readSuiteOptions(more, earlier)).toEqual({
    ...earlier,
    ...{ vms: 2, strict: false, testTimeoutMs: 7_200_000, timeoutMs: 60_000 },
  })
})
