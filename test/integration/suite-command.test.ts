import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.js'
import type { RunRecord } from '../../src/runs/suite/result-folder.js'
import { memoryIo } from '../helpers/memory-io.js'

// Runs of a suite up to the first VM, which none of these comes to.

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rapido-suite-'))
  // A file system that needs nothing of this host but what every run needs.
  mkdirSync(join(cwd, 'profiles/fstests-tiny'), { recursive: true })
  writeFileSync(join(cwd, 'profiles/fstests-tiny/profile.toml'), 'summary = "Tiny"\n[boot.env]\nFSTYP = "ext4"\n')
  writeFileSync(join(cwd, 'profiles/fstests-tiny/boot.sh'), '')
  writeFileSync(
    join(cwd, 'rapido.toml'),
    `fstests.src = "${resolve('test/fixtures/fstests-tree')}"\nqemu.accel = "tcg"\npaths.state = "state"\n`,
  )
})
afterEach(() => rmSync(cwd, { recursive: true }))

async function fstests(...args: string[]) {
  const io = memoryIo({ cwd })
  const status = await main(['fstests', ...args], io)
  return { status, out: io.out(), err: io.err() }
}

/** A folder of a run that was cut short. */
function cutShort(more: Partial<RunRecord>): void {
  const run: RunRecord = {
    schemaVersion: 1,
    suite: 'fstests',
    profile: 'fstests-tiny',
    words: ['-g', 'quick'],
    sets: [],
    options: { vms: 1, maxCrashes: 20, rerunFailed: 0, untilFail: false, strict: false },
    configFile: undefined,
    seed: 5,
    kernel: '1.2.3-not-here',
    startedAt: '2026-11-21T10:00:00.000Z',
    shard: undefined,
    tests: [{ name: 'generic/001', config: undefined }],
    notes: [],
    ...more,
  }
  mkdirSync(join(cwd, 'cut'))
  writeFileSync(join(cwd, 'cut/run.json'), JSON.stringify(run))
  writeFileSync(join(cwd, 'cut/results.jsonl'), '')
}

describe('--dry-run', { timeout: 60_000 }, () => {
  test('lists the tests, says why some are left out, and leaves nothing behind', async () => {
    writeFileSync(join(cwd, 'exclude'), 'generic/002 # too slow here\nxfs/999 # gone\n')
    const { status, out, err } = await fstests('tiny', '--dry-run', '-E', 'exclude', 'generic/00[1-3]', 'ext4/001')
    expect([status, err]).toEqual([0, expect.stringContaining('xfs/999')])
    expect(out.split('\n')).toEqual([
      'ext4/001',
      'generic/001',
      expect.stringMatching(/^generic\/002 {2}# excluded: .*too slow here/),
      'generic/003',
      '',
    ])
    expect(readdirSync(cwd)).not.toContain('state')
  })

  test('with --run-excluded says which run although a file leaves them out; those of -e do not', async () => {
    writeFileSync(join(cwd, 'exclude'), 'generic/002 # too slow here\ngeneric/003 # broken\nxfs/001 # of another\n')
    const words = ['-E', 'exclude', '-e', 'generic/003', 'generic/00[1-3]']
    const { status, out, err } = await fstests('tiny', '--dry-run', ...words, '--run-excluded')
    expect([status, err]).toEqual([0, ''])
    expect(out.split('\n')).toEqual([
      'generic/001',
      'generic/002  # runs although excluded: too slow here',
      'generic/003  # excluded: named by -e',
      '',
    ])
  })

  test('with --run-excluded and no exclude file says so', async () => {
    const { err } = await fstests('tiny', '--dry-run', '--run-excluded', 'generic/001')
    expect(err).toContain('--run-excluded: no exclude file leaves out any of these tests')
  })

  test("-n of check is the same; a test's configuration is before its name", async () => {
    writeFileSync(
      join(cwd, 'rapido.toml'),
      `${readFileSync(join(cwd, 'rapido.toml'), 'utf8')}
[fstests.config.plain]
[fstests.config.quota]
mount_options = "-o usrquota"
`,
    )
    const { status, out } = await fstests('tiny', '-n', 'generic/001')
    expect([status, out]).toEqual([0, 'plain:generic/001\nquota:generic/001\n'])
  })

  test('a shard has its part of them, and all shards together have all, each once', async () => {
    const { out: all } = await fstests('tiny', '--dry-run', '-g', 'quick')
    const parts: string[] = []
    for (const shard of ['1/3', '2/3', '3/3']) {
      const { out } = await fstests('tiny', '--dry-run', '-g', 'quick', '--shard', shard)
      parts.push(...out.split('\n').filter((line) => line !== ''))
    }
    expect(parts.sort()).toEqual(
      all
        .split('\n')
        .filter((line) => line !== '')
        .sort(),
    )
  })
})

describe('wrong usage', () => {
  test.each<[string[], RegExp]>([
    [['nosuchfs'], /no file system "nosuchfs" for fstests: there is no profile fstests-nosuchfs\n.*there are .*xfs/],
    [['tiny', '--vms', '0'], /--vms: use a number from 1 to 100/],
    [['tiny', '--rerun-failed', '1.5'], /--rerun-failed: use a number from 0 to 1000/],
    [['tiny', '--until-fail', '--rerun-failed', '1'], /--until-fail ends with the first failure/],
    [['tiny', '--test-timeout', 'soon'], /--test-timeout/],
    [['tiny', '--test-timeout', 'none'], /--test-timeout: a test always has an end: say how long/],
    [['tiny', '--baseline', 'nosuch'], /nosuch holds no results of rapido/],
    [['tiny', '--resume', 'nosuch'], /nosuch holds no results of rapido/],
    [['tiny', '--shard', '3/2', '--dry-run'], /3\/2: there is no shard 3 of 2/],
    [['tiny', '--times', 'nosuch', '--shard', '1/2', '--dry-run'], /cannot read .*nosuch/],
    [['tiny', '-g', 'nosuch', '--dry-run'], /nosuch/],
    [['tiny', 'generic/999', '--dry-run'], /generic\/999/],
    [['tiny', '-E', 'nosuch', '--dry-run'], /-E: cannot read .*nosuch: ENOENT/],
    [['tiny', '-e', 'generic/001', 'generic/001', '--dry-run'], /no test is left to run: 1 test excluded/],
    [['tiny', '-d'], /-d of check is not for rapido/],
  ])('fstests %j', async (args, message) => {
    const { status, out, err } = await fstests(...args)
    expect(err).toMatch(message)
    expect([status, out]).toEqual([2, ''])
  })

  test('without a tree says which setting names it', async () => {
    writeFileSync(join(cwd, 'rapido.toml'), '')
    const { status, err } = await fstests('tiny')
    expect(err).toContain('fstests.src is not set: which tree of fstests?')
    expect(status).toBe(2)
  })
})

describe('--resume', () => {
  test.each<[string, Partial<RunRecord>, string[], RegExp]>([
    ['another profile', { profile: 'fstests-xfs' }, [], /cut has results of fstests-xfs, not of fstests-tiny/],
    [
      'other tests',
      {},
      ['-g', 'auto'],
      /cut was asked for other tests: -g quick\n.*--resume knows what was asked: leave out -g auto/,
    ],
    ['another kernel', {}, [], /that run was of kernel 1\.2\.3-not-here, and here is \d/],
    ['a shard', {}, ['--shard', '1/2'], /--resume goes on in its own folder: leave out --shard/],
    ['another folder', {}, ['--results', 'other'], /--resume goes on in its own folder: leave out --results/],
    ['--run-excluded', {}, ['--run-excluded'], /cut was asked for other tests: -g quick\n.*leave out --run-excluded/],
    ['a run of a rapido to come', { schemaVersion: 2 as 1 }, [], /cut holds no results of rapido: schemaVersion 2/],
  ])('with %s is refused, and changes nothing', async (_, run, args, message) => {
    cutShort(run)
    const before = readFileSync(join(cwd, 'cut/run.json'), 'utf8')
    const { status, err } = await fstests('tiny', '--resume', 'cut', ...args)
    expect(err).toMatch(message)
    expect(status).toBe(2)
    expect(readdirSync(join(cwd, 'cut')).sort()).toEqual(['results.jsonl', 'run.json'])
    expect(readFileSync(join(cwd, 'cut/run.json'), 'utf8')).toBe(before)
  })

  test('goes on as it was asked: its options count where the command line has none', async () => {
    cutShort({ options: { vms: 1, maxCrashes: 20, rerunFailed: 0, untilFail: true, strict: false } })
    expect((await fstests('tiny', '--resume', 'cut', '--rerun-failed', '1')).err).toContain('--until-fail ends with')
  })

  test('with the words of the run is the same as without them', async () => {
    cutShort({})
    const { err } = await fstests('tiny', '--resume', 'cut', '-g', 'quick')
    expect(err).toContain('that run was of kernel 1.2.3-not-here') // not: other tests
  })
})

test('a folder that holds results is not written over', async () => {
  cutShort({})
  const { status, err } = await fstests('tiny', '--results', 'cut', 'generic/001')
  expect(err).toMatch(/cut holds the results of another run\n.*--resume .*cut goes on with it/)
  expect(status).toBe(2)
})

test('a host that cannot run it is a result, too: its reports say so', async () => {
  writeFileSync(
    join(cwd, 'profiles/fstests-tiny/profile.toml'),
    'summary = "Tiny"\n[image]\ninstall = ["no-such-program"]\n[boot.env]\nFSTYP = "ext4"\n',
  )
  const { status, err } = await fstests('tiny', '--junit', 'j.xml', 'generic/001')
  expect(err).toContain('no-such-program')
  expect(status).toBe(3)
  expect(readFileSync(join(cwd, 'j.xml'), 'utf8')).toContain('no-such-program')
})
