import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect } from 'vitest'
import type { SuiteResult } from '../../dist/report/suite-result.js'
import type { CliRun } from '../helpers/cli-run.js'
import { test } from '../helpers/e2e-test.js'

// Suites beside fstests: the kernel's selftests, and a profile's own.

const selftests = `kselftest.dir=${resolve('test/fixtures/kselftest-tree')}`

describe.concurrent('rapido kselftest', () => {
  test('tells of each test by its points, and leaves out what would end the guest', { timeout: 240_000 }, async ({
    box,
  }) => {
    const run = await suite(box.rapido('kselftest', '--set', selftests, '--json', 'out.json'), box.work)
    expect(run, run.stderr).toMatchObject({ status: 1 })
    expect(told(run.result)).toEqual([
      ['points:open.sh', 'pass', ''],
      ['points:read.sh', 'fail', 'an empty one, too: expected 1 byte, read 0 (1 of 2 failed)'],
      ['plain:device.sh', 'notrun', 'SKIP: there is no /dev/no-such-device'],
      ['breakpoints:step_after_suspend_test', 'excluded', 'it suspends the guest, and nobody wakes it up'],
    ])
    expect(run.result.machines).toHaveLength(1)
    expect(run.result.tests[0]?.attempts[0]?.subtests).toEqual([
      { name: 'a device opens', status: 'pass', reason: '' },
      { name: 'and closes', status: 'pass', reason: '' },
      expect.objectContaining({ status: 'skip', reason: 'nothing else to open' }),
    ])
  })

  test('takes collections and names, and boots nothing for a wrong one', async ({ box }) => {
    const list = await box.rapido('kselftest', '--set', selftests, '--dry-run', 'plain', 'points:o*').outcome()
    expect(list).toMatchObject({ status: 0, stdout: 'points:open.sh\nplain:device.sh\n' })
    const wrong = await box.rapido('kselftest', '--set', selftests, 'point').outcome()
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no test "point"; did you mean "points"?'),
    })
  })
})

// Debian has the kernel's source as one archive; tools/setup.sh sees to it that it is here.
const source = readdirSync('/usr/src').find((name) => /^linux-source-.*\.tar\.xz$/.test(name))

if (source !== undefined) {
  test("runs the kernel's own selftests", { timeout: 300_000 }, async ({ box }) => {
    const top = source.replace(/\.tar\.xz$/, '')
    const unpack = `tar -xf /usr/src/${source} ${top}/{tools/testing/selftests,scripts,Makefile}`
    const make = `make -C ${top}/tools/testing/selftests install TARGETS="kcmp membarrier size timens" INSTALL_PATH="$PWD/built"`
    const built = await box.command(['bash', '-ec', `${unpack}; ${make}`]).outcome()
    expect(built.status, built.stderr).toBe(0)

    const run = await suite(box.rapido('kselftest', '--set', 'kselftest.dir=built', '--json', 'out.json'), box.work)
    expect(run, run.stderr).toMatchObject({ status: 0 })
    expect(told(run.result).map(([name, status]) => `${status} ${name}`)).toEqual([
      'pass kcmp:kcmp_test',
      'pass membarrier:membarrier_test_single_thread',
      'pass membarrier:membarrier_test_multi_thread',
      'pass size:get_size',
      ...['timens', 'timerfd', 'timer', 'clock_nanosleep', 'procfs', 'exec', 'futex'].map(
        (name) => `pass timens:${name}`,
      ),
    ])
    // Some report points, more or less as they should: "# ok 3 clockid=9".
    const subtests = new Map(run.result.tests.map(({ name, attempts }) => [name, attempts[0]?.subtests]))
    expect(subtests.get('membarrier:membarrier_test_single_thread')).toHaveLength(13)
    expect(subtests.get('timens:timerfd')).toMatchObject(
      ['clockid=7', 'clockid=1', 'clockid=9'].map((name) => ({ name, status: 'pass' })),
    )
    expect(subtests.get('kcmp:kcmp_test')).toBeNull()
  })
}

describe.concurrent('rapido suite', () => {
  test("runs a profile's own tests, which the guest lists, and keeps their files", { timeout: 240_000 }, async ({
    box,
  }) => {
    const script = [
      '#!/bin/bash',
      'case $TEST in',
      '  good) echo "of $TEST" >"$RESULT_BASE/notes" ;;',
      '  bad) echo "the cause"; exit 3 ;;',
      '  absent) echo "not on this machine"; exit 77 ;;',
      'esac',
    ]
    box.file('profiles/mine/run-test', script.join('\n'), 0o755)
    box.profile('mine', {
      toml: [
        '[boot]',
        'include = [{ from = "run-test", to = "/usr/local/lib/run-test" }]',
        '[suite]',
        'format = "exit"',
        'list = "cat /run/tests"',
        'run = "/usr/local/lib/run-test"',
      ].join('\n'),
      bootScript: "printf '%s\\n' good unwanted bad absent >/run/tests",
    })
    const run = await suite(box.rapido('suite', 'mine', '*d', 'absent', '--json', 'out.json'), box.work)
    expect(run, run.stderr).toMatchObject({ status: 1, stderr: expect.stringContaining('asking the guest') })
    expect(told(run.result)).toEqual([
      ['good', 'pass', ''],
      ['unwanted', 'pass', ''],
      ['bad', 'fail', 'exit status 3; the cause'],
      ['absent', 'notrun', 'not on this machine'],
    ])
    const [notes = ''] = run.result.tests[0]?.attempts[0]?.files ?? []
    expect(readFileSync(join(run.result.folder, notes), 'utf8')).toBe('of good\n')
  })

  test('without a list is one test, of the name of the profile', { timeout: 240_000 }, async ({ box }) => {
    box.profile('points', { toml: `[suite]\nrun = 'echo 1..1; echo "ok 1 $TEST runs"'` })
    const run = await suite(box.rapido('suite', 'points', '--json', 'out.json'), box.work)
    expect(run, run.stderr).toMatchObject({ status: 0, result: { suite: 'points', verdict: { kind: 'pass' } } })
    expect(run.result.tests[0]?.attempts[0]?.subtests).toEqual([{ name: 'points runs', status: 'pass', reason: '' }])
  })

  test('of a profile that has none says so', async ({ box }) => {
    const run = await box.rapido('suite', 'simple').outcome()
    expect(run).toMatchObject({ status: 2, stderr: expect.stringContaining('profile "simple" has no suite') })
  })
})

async function suite(run: CliRun, work: string) {
  const outcome = await run.outcome()
  const result = JSON.parse(readFileSync(join(work, 'out.json'), 'utf8')) as SuiteResult
  return { ...outcome, result }
}

function told({ tests }: SuiteResult): [string, string, string][] {
  return tests.map(({ name, status, reason }) => [name, status, reason])
}
