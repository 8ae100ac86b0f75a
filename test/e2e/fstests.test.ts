import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { SuiteResult, TestResult } from '../../dist/report/suite-result.js'
import { test } from '../helpers/e2e-test.js'
import { packageFolder } from '../helpers/places.js'
import { processesOf } from '../helpers/processes.js'
import type { Sandbox } from '../helpers/sandbox.js'
import { until } from '../helpers/until.js'

// `rapido fstests` on a small tree of our own, to the conventions of the real one: test/fixtures/fstests-tree/README. What
// the tests there do is real: they panic, hang and fill disks.

describe('a run of fstests', { timeout: 400_000 }, () => {
  test('in which a test panics and one hangs has all other verdicts, and they are those of check itself', async ({
    box,
  }) => {
    useTree(box)
    box.file('exclude', 'generic/004  6.1..  # not on these kernels\ngeneric/005  ..5.4  # long mended\n')
    const words = ['-g', 'quick', '-E', 'exclude', 'generic/901', 'generic/902', '--test-timeout', '20s']
    const run = await fstests(box, words)
    const result = resultOf(box)
    expect(run.status, run.stderr).toBe(1)
    expect(statuses(result)).toEqual({
      ...Object.fromEntries(quickTests.map((name) => [name, 'pass'])),
      'generic/004': 'excluded',
      'generic/015': 'fail',
      'generic/016': 'fail',
      ...(hasDuperemove ? {} : { 'generic/017': 'notrun' }),
      'generic/018': 'notrun',
      'generic/025': 'notrun',
      'generic/901': 'crash',
      'generic/902': 'timeout',
    })
    expect(result.machines.map(({ end }) => end)).toEqual([
      'generic/901: Kernel panic - not syncing: sysrq triggered crash',
      'generic/902 hung',
      'the guest powered off',
    ])
    expect(result.notes.filter((note) => note.includes("suite's own summary"))).toEqual([])
    expect(result.missing).toMatchObject([
      ...(hasDuperemove ? [] : [{ program: 'duperemove', tests: ['generic/017'] }]),
      { program: 'program-that-nobody-has', tests: ['generic/025'] },
    ])
    expect(run.stderr).toMatch(/CRASH +generic\/901 .*Kernel panic/)
    expect(readFileSync(join(results(box), 'junit.xml'), 'utf8')).toMatch(
      /name="generic\/901"[^>]*>\s*<error type="crash" message="Kernel panic[^>]*>[^<]*sysrq triggered crash/,
    )
    expect(attempt(result, 'generic/902').output).toContain('sysrq: Show State')
    expect(attempt(result, 'generic/015').files).toContain('tests/generic/015.out.bad')
    expect(readFileSync(join(results(box), 'tests/generic/015.out.bad'), 'utf8')).not.toBe('')
    expect(readFileSync(join(results(box), 'vms/1.console'), 'utf8')).toContain('run fstests generic/901')

    // The same tests by hand, in the same image.
    const check = './check -R xunit-quiet -e generic/004 -g quick >&2; cat results/result.xml'
    const byHand = await box.rapido('run', 'fstests-xfs', '-x', check).outcome()
    expect(ofXunit(byHand.stdout)).toEqual(
      Object.fromEntries(
        Object.entries(statuses(result)).filter(([name]) => !/901|902|004/.test(name)), //
      ),
    )
  })

  test('goes on when QEMU is killed, and when rapido is: no test is lost, none runs twice', async ({ box }) => {
    useTree(box)
    const first = box.rapido('fstests', 'xfs', '-g', 'rw', '--results', 'results')
    first.start()
    await until(() => finished(box).length >= 3, 120_000)
    const qemu = processesOf(box.folder).filter(({ commandLine }) => commandLine.includes('qemu-system'))
    for (const { pid } of qemu) process.kill(pid, 'SIGKILL')
    await until(() => finished(box).length >= 7, 120_000)
    first.kill('SIGKILL')
    await first.outcome()
    const before = finished(box)
    appendFileSync(join(results(box), 'results.jsonl'), '{"name":"generic/0') // a line that power cut short
    const show = await box.rapido('report', 'show', 'results').outcome()
    expect(show).toMatchObject({ status: 1, stderr: expect.stringContaining('unfinished') })

    const run = await box.rapido('fstests', 'xfs', '--resume', 'results', '--strict').outcome()
    const result = resultOf(box)
    expect(run.status, run.stderr).toBe(4)
    expect(finished(box).slice(0, before.length)).toEqual(before)
    expect(finished(box).length).toBe(new Set(finished(box)).size)
    const others = result.tests.filter(({ status }) => status !== 'pass')
    expect(others).toMatchObject([{ status: 'crash', reason: 'QEMU was killed by signal 9' }])
  })

  test('whose results fill the disk ends, and goes on once there is room', async ({ box }) => {
    useTree(box)
    const rapido = `${process.execPath} ${join(packageFolder, 'dist/main.js')}`
    box.file(
      'on-a-small-disk',
      `mkdir results && mount -t tmpfs -o size=16m small results && head -c 14M /dev/zero >results/filler || exit 99
      ${rapido} fstests xfs generic/001 generic/905 generic/906 --results results/run; echo "first: $?" >&2
      rm results/filler
      ${rapido} fstests xfs --resume results/run; echo "then: $?" >&2; cat results/run/results.json`,
    )
    const run = await box.command(['unshare', '--map-root-user', '--mount', 'bash', 'on-a-small-disk']).outcome()
    expect(run.stderr).toMatch(
      /no space left[\s\S]*--resume[\s\S]*first: 3\n[\s\S]*1 of them done before[\s\S]*then: 0\n/,
    )
    const tests = JSON.parse(run.stdout).tests as TestResult[]
    expect(tests.map(({ name, attempts }) => [name, attempts.length])).toEqual([
      ['generic/001', 1],
      ['generic/905', 1],
      ['generic/906', 1],
    ])
  })

  test('in two shards has the results of one', async ({ box }) => {
    useTree(box)
    const shards = ['1/2', '2/2'].map((shard, index) =>
      box.rapido('fstests', 'xfs', '-g', 'rw', '--shard', shard, '--results', `shards/${index}`).outcome(),
    )
    expect((await Promise.all(shards)).map(({ status }) => status)).toEqual([0, 0])
    const merge = await box.rapido('report', 'merge', 'shards/0', 'shards/1', '--results', 'results').outcome()
    expect(merge.status, merge.stderr).toBe(0)
    const listed = await box.rapido('fstests', 'xfs', '-g', 'rw', '--dry-run').outcome()
    expect(Object.keys(statuses(resultOf(box))).sort()).toEqual(listed.stdout.trim().split('\n').sort())
    const [file = ''] = attempt(resultOf(box), 'generic/001').files
    expect(existsSync(join(results(box), file))).toBe(true)
  })

  test('tells flaky from broken', async ({ box }) => {
    useTree(box)
    const run = await fstests(box, [
      '--exact-order',
      'generic/001',
      'generic/015',
      'generic/907',
      '--rerun-failed',
      '1',
    ])
    expect(run.status, run.stderr).toBe(1)
    const told = resultOf(box).tests.map(({ status, attempts }) => [status, ...attempts.map((each) => each.status)])
    // The last one passes as the first test of a VM alone.
    expect(told).toEqual([
      ['pass', 'pass'],
      ['fail', 'fail', 'fail'],
      ['flaky', 'fail', 'pass'],
    ])
  })

  test('in two configurations and two VMs runs each test in each once', async ({ box }) => {
    useTree(box, '[fstests.config.plain]\n[fstests.config.small]\nmkfs_options = "-b size=1024"\n')
    const run = await fstests(box, ['generic/001', 'xfs/001', '--vms', '2'])
    expect(run.status, run.stderr).toBe(0)
    const { tests } = resultOf(box)
    expect(tests.map(({ config, name, status }) => [config, name, status])).toEqual([
      ['plain', 'generic/001', 'pass'],
      ['plain', 'xfs/001', 'pass'],
      ['small', 'generic/001', 'pass'],
      ['small', 'xfs/001', 'pass'],
    ])
    expect(new Set(tests.map(({ attempts }) => attempts[0]?.vm))).toEqual(new Set([1, 2]))
  })

  test('tells of what an exclude file has which entries can go', async ({ box }) => {
    useTree(box)
    box.file('exclude', 'generic/001  # mended since\ngeneric/015  # its output\ngeneric/901  # it panics\n')
    const tests = ['generic/001', 'generic/002', 'generic/015', 'generic/901']
    const run = await fstests(box, ['-E', 'exclude', ...tests, '--run-excluded', '--rerun-failed', '1'])
    const result = resultOf(box)
    expect(run.status, run.stderr).toBe(0)
    expect(result.tests.map(({ name, status, reason, attempts }) => [name, status, reason, attempts.length])).toEqual([
      ['generic/001', 'pass', '', 1],
      ['generic/002', 'pass', '', 1],
      ['generic/015', 'excluded', expect.stringMatching(/^its output; it still fails: ./), 1],
      ['generic/901', 'excluded', expect.stringMatching(/^it panics; it still fails: Kernel panic/), 1],
    ])
    expect(result.notes).toContainEqual(
      expect.stringMatching(/\/exclude: no longer fails, take it out: generic\/001 \(line 1\)$/),
    )
    expect(run.stderr).toContain('take it out: generic/001 (line 1)')

    const resumed = await box.rapido('fstests', 'xfs', '--resume', 'results').outcome()
    expect(resumed.status, resumed.stderr).toBe(0)
    expect(resultOf(box).tests).toEqual(result.tests)
  })

  test('whose check hangs before its first test ends as well', async ({ box }) => {
    useTree(box)
    const mkfs = box.file(
      'mkfs',
      '#!/bin/bash\n[[ -z $RAPIDO_SUITE_TOKEN ]] || sleep 1000 # only where check calls it\n',
    )
    chmodSync(mkfs, 0o755)
    const include = '[image]\ninclude = [{ from = "../../mkfs", to = "/usr/local/sbin/mkfs.ext4" }]\n'
    box.file('profiles/fstests-stuck/profile.toml', `extends = "fstests-ext4"\nsummary = "stuck"\n${include}`)
    const words = ['generic/001', '--test-timeout', '8s', '--results', 'results']
    const run = await box.rapido('fstests', 'stuck', ...words).outcome()
    expect(run.status, run.stderr).toBe(5)
    expect(run.stderr).toContain('generic/001 did not begin within 8s')
    const { machines, tests } = resultOf(box)
    expect(machines.map(({ end }) => end)).toEqual(['it hung, outside of any test'])
    expect(tests.map(({ status }) => status)).toEqual(['unfinished'])
  })

  test('until a test fails ends with that', async ({ box }) => {
    useTree(box)
    const run = await fstests(box, ['generic/907', '--until-fail'])
    expect(run.status, run.stderr).toBe(1)
    expect(resultOf(box).tests).toMatchObject([{ status: 'flaky', attempts: [{ status: 'pass' }, { status: 'fail' }] }])
  })
})

describe('rapido fstests boots nothing for', () => {
  const cases: [what: string, args: string[], status: number, says: RegExp][] = [
    ['a tree that is none', ['xfs', '--set', 'fstests.src=/etc'], 2, /fstests\.src: .* it has no check/],
    ['no tree', ['xfs', '--set', 'fstests.src='], 2, /fstests\.src/],
    ['a group that is not there', ['xfs', '-g', 'quik'], 2, /no group "quik".* did you mean "quick"/],
    ['a test that is not there', ['xfs', 'generic/777'], 2, /generic\/777/],
    ['nothing that is left to run', ['xfs', '-e', 'generic/001', 'generic/001'], 2, /excluded/],
    ['an entry without a reason', ['xfs', '-E', 'bare'], 2, /bare:1: generic\/001 has no reason/],
    ['a file system without a profile', ['xsf'], 2, /no file system "xsf"[\s\S]*xfs/],
    ['a file system that the kernel lacks', ['none'], 3, /NO_SUCH_FS/],
    ['a disk that is not there', ['xfs', 'generic/001', '--set', 'disk.test.file=/nowhere'], 2, /\/nowhere/],
    ['a section that is not there', ['xfs', '-s', 'quota'], 2, /no section or configuration quota/],
  ]
  test.for(cases)('%s', async ([, args, status, says], { box }) => {
    useTree(box)
    box.file('bare', 'generic/001\n')
    box.file(
      'profiles/fstests-none/profile.toml',
      'extends = "fstests"\nsummary = "x"\n[requires]\nkernel = ["NO_SUCH_FS"]\n',
    )
    const run = await box.rapido('fstests', ...args).outcome()
    expect(run.status, run.stderr).toBe(status)
    expect(run.stderr).toMatch(says)
    expect(existsSync(join(box.state, 'logs')) && readdirSync(join(box.state, 'logs'))).toBe(false)
  })
})

/** The group quick of the tree on xfs. */
const quickTests = [
  ...[
    '001',
    '002',
    '003',
    '004',
    '005',
    '006',
    '007',
    '008',
    '009',
    '010',
    '011',
    '012',
    '014',
    '015',
    '016',
    '017',
    '018',
  ],
  ...['019', '020', '021', '022', '023', '024', '025'],
].map((number) => `generic/${number}`)
quickTests.push('xfs/001', 'xfs/002')
const hasDuperemove = existsSync('/usr/bin/duperemove')

function useTree(box: Sandbox, more = ''): void {
  const src = join(packageFolder, 'test/fixtures/fstests-tree')
  box.file('rapido.toml', `[fstests]\nsrc = "${src}"\nsize = "1G"\n${more}`)
}

function results(box: Sandbox): string {
  return join(box.work, 'results')
}

function fstests(box: Sandbox, words: string[]) {
  return box.rapido('fstests', 'xfs', ...words, '--results', 'results').outcome()
}

function resultOf(box: Sandbox): SuiteResult {
  return JSON.parse(readFileSync(join(results(box), 'results.json'), 'utf8'))
}

function statuses({ tests }: SuiteResult): Record<string, string> {
  return Object.fromEntries(tests.map(({ name, status }) => [name, status]))
}

function attempt({ tests }: SuiteResult, name: string) {
  const last = tests.find((each) => each.name === name)?.attempts.at(-1)
  if (last === undefined) throw new Error(`${name} did not run`)
  return last
}

/** The tests that have finished, in their order. */
function finished(box: Sandbox): string[] {
  const file = join(results(box), 'results.jsonl')
  if (!existsSync(file)) return []
  return [...readFileSync(file, 'utf8').matchAll(/^\{"name":"([^"]+)".*\}$/gm)].map((match) => match[1] as string)
}

/** The verdicts in a result.xml of check, in our words. */
function ofXunit(xml: string): Record<string, string> {
  const cases = [...xml.matchAll(/<testcase [^>]*name="([^"]+)"[^>]*>([\s\S]*?)<\/testcase>/g)]
  const status = (body: string) => (/<skipped/.test(body) ? 'notrun' : /<failure/.test(body) ? 'fail' : 'pass')
  return Object.fromEntries(cases.map(([, name = '', body = '']) => [name, status(body)]))
}
