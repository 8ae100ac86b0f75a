import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCheckSummary, readCheckVerdict } from '../../../../src/runs/suite/check-output.js'

// "generic/001   " stands before each text. What follows it is as check's own printf, echo and _dump_err make it.

const first = '       ' // no time of a last run
const again = ' 3s ... '
const mismatch = `- output mismatch (see /r/generic/001.out.bad)
    --- tests/generic/001.out	2025-11-20 04:22:11.000000000 +0000
    +++ /r/generic/001.out.bad	2025-11-22 03:05:21.000000000 +0000
    @@ -1,2 +1,3 @@
     QA output created by 001
    +[failed, exit status 9] is what the test printed, and [not run] 7s
    ...
    (Run 'diff -u /x/tests/generic/001.out /r/generic/001.out.bad'  to see the entire diff)
`

test.each([
  ['for the first time', `${first} 4s\n`, 4],
  ['again', `${again} 12s\n`, 12],
  ['with the last time read already', ' 0s\n', 0],
  ['with -T', `${first} [12:34:56] [12:35:00] 4s\n`, 4],
  ['with -T, again', `${again} [23:59:56] [00:00:00] 4s\n`, 4],
  ['with the name of the next test', `${again} 4s\ngeneric/002       `, 4],
  ['with the name and the time of the next test', `${again} 4s\ngeneric/002   3s ... `, 4],
  ['with all of it and -T', `${again} [12:34:56] [12:35:00] 4s\ngeneric/1222  3s ...  [12:35:01]`, 4],
  ['as the last one', `${again} 4s\nRan: generic/001\nPassed all 1 tests\n\n`, 4],
  ['as the last one, with -b', `${again} 4s\nFailures: generic/002\nFailed 1 of 2 tests\n\n`, 4],
  ['through a serial console', `${again} 4s\r\ngeneric/002   3s ... `, 4],
])('a test passed %s', (_, text, seconds) => {
  expect(readCheckVerdict(text)).toEqual({ status: 'pass', seconds, reason: '', output: '' })
})

test('of one that passed the noise is kept', () => {
  const text = `${again}umount: /mnt/test: target is busy.\n 4s\n`
  const output = 'umount: /mnt/test: target is busy.'
  expect(readCheckVerdict(text)).toEqual({ status: 'pass', seconds: 4, reason: '', output })
})

test.each([
  ['', `${again}[not run] duperemove utility required, skipped this test\n`],
  [
    ' with -T',
    `${again} [12:34:56] [12:34:57] [not run]\n\tgeneric/001 -- duperemove utility required, skipped this test\n`,
  ],
  [' and dumped core', `${again}[dumped core][not run] duperemove utility required, skipped this test\n`],
  [' with -d', `${again}QA output created by 001\n[not run] duperemove utility required, skipped this test\n`],
  [' before the next', `${first}[not run] duperemove utility required, skipped this test\ngeneric/002   3s ... `],
])('a test was not run%s', (_, text) => {
  const reason = 'duperemove utility required, skipped this test'
  expect(readCheckVerdict(text)).toMatchObject({ status: 'notrun', seconds: undefined, reason })
})

test('a test was excluded', () => {
  const text = `${first}[expunged]\ngeneric/002       `
  expect(readCheckVerdict(text)).toEqual({
    status: 'excluded',
    seconds: undefined,
    reason: 'expunged',
    output: '[expunged]',
  })
})

const fsck =
  '_check_generic_filesystem: filesystem on /dev/vdb is inconsistent\n(see /r/generic/001.full for details)\n'
const repair = `${fsck}Trying to repair broken TEST_DEV file system\n`
const dmesg = '_check_dmesg: something found in dmesg (see /r/generic/001.dmesg)\n'
const kmemleak = '_check_kmemleak: something found in kmemleak (see /r/generic/001.kmemleak)\n'
const scrub = '_check_xfs_filesystem: filesystem on /dev/vdc failed scrub\n(see /r/generic/001.full for details)\n'
const xfs = '_check_xfs_filesystem: filesystem on /dev/vdc is inconsistent (r)\n(see /r/generic/001.full for details)\n'
const overlay = '_overlay_check_fs: overlayfs on /l,/u,/w is inconsistent\n(see /r/overlay/001.full for details)\n'
const hints = '\nHINT: You _MAY_ be missing kernel fix:\n      0123456789ab xfs: wait for 5s\n\n'

test.each([
  [`${again}${mismatch}`, 'output mismatch'],
  [`${again}${mismatch}${hints}generic/002   3s ... `, 'output mismatch'],
  [`${again} [12:34:56] [12:35:00]${mismatch}`, 'output mismatch'],
  [`${first}[failed, exit status 1]${mismatch}`, 'exit status 1; output mismatch'],
  [`${first}[failed, exit status 1]\n`, 'exit status 1'], // what it printed is as it should be
  [`${first} [12:34:56][failed, exit status 1] [12:35:00]${mismatch}`, 'exit status 1; output mismatch'],
  [`${first}[dumped core]\n`, 'dumped core'],
  [`${first}[dumped core][failed, exit status 139]${mismatch}`, 'dumped core; exit status 139; output mismatch'],
  [`${first}${repair}\n`, 'filesystem on /dev/vdb is inconsistent'],
  [
    `${first}[failed, exit status 1]${fsck}${mismatch}`,
    'exit status 1; filesystem on /dev/vdb is inconsistent; output mismatch',
  ],
  [`${first}${scrub}${xfs}\n`, 'filesystem on /dev/vdc failed scrub; filesystem on /dev/vdc is inconsistent'],
  [`${first}${overlay}\n`, 'overlayfs on /l,/u,/w is inconsistent'],
  [
    `${first}${repair}_repair_test_fs: failed, err=4\n(see /r/generic/001.full for details)\n\n`,
    'filesystem on /dev/vdb is inconsistent; repair of TEST_DEV failed with 4',
  ],
  [`${first}!!! failed to remount /dev/vdb on /mnt/test\n\n`, 'failed to remount /dev/vdb on /mnt/test'],
  [`${first}${dmesg}\n`, 'dmesg: something found'],
  [`${first}${dmesg}${mismatch}`, 'dmesg: something found; output mismatch'],
  [`${first}${kmemleak}\n`, 'kmemleak: something found'],
  [`${first}no qualified output\n`, 'no qualified output'],
  [`${first}[failed, exit status 1]no qualified output\n`, 'exit status 1; no qualified output'],
  [' - no such test?\n', 'no such test'],
  [`${again}${mismatch}generic/001  3s ... ${mismatch}`, 'output mismatch'], // -L
])('a test failed: %j → %s', (text, reason) => {
  expect(readCheckVerdict(text)).toMatchObject({ status: 'fail', seconds: undefined, reason })
})

test('the time of the last run is no verdict', () => {
  expect(readCheckVerdict(again)).toEqual({ status: 'fail', seconds: undefined, reason: 'no verdict', output: '' })
})

test('nor is a time in what a program says before the guest dies', () => {
  const reason = 'fsstress: done in 7s'
  expect(readCheckVerdict(`${again}${reason}\n`)).toMatchObject({ status: 'fail', reason })
})

test.each([
  ['', `${again}Ran: generic/001\nInterrupted!\nPassed all 1 tests\n`],
  [', with -b', `${first}Interrupted!\nPassed all 1 tests\n`],
  [', with -T', `${first} [12:34:56]Ran: generic/001\nInterrupted!\nPassed all 1 tests\n`],
  [', with -b and -T', `${first} [12:34:56]Interrupted!\nPassed all 1 tests\n`],
  [', at the end of a line', `${again}\nRan: generic/001\nInterrupted!\nPassed all 1 tests\n`],
])('a test was interrupted%s', (_, text) => {
  expect(readCheckVerdict(text)).toMatchObject({ status: 'fail', reason: 'interrupted', output: '' })
})

test('what it failed by counts for more than that check was interrupted later', () => {
  const text = `${again}${mismatch}Ran: generic/001\nInterrupted!\nFailures: generic/001\nFailed 1 of 1 tests\n`
  expect(readCheckVerdict(text)).toMatchObject({ status: 'fail', reason: 'output mismatch' })
})

test('the output is all that was said of it and nothing else', () => {
  const text = `${again}[failed, exit status 1]${mismatch}${hints}generic/002   3s ... `
  const { output } = readCheckVerdict(text)
  expect(output).toMatch(/^\[failed, exit status 1\]- output mismatch \(see /)
  expect(output).toMatch(/xfs: wait for 5s$/)
})

test('anything else is told by its first line', () => {
  const text = `${again}mount: /mnt/test: wrong fs type, bad option, bad superblock on /dev/vdb.\ncheck: failed\n`
  const reason = 'mount: /mnt/test: wrong fs type, bad option, bad superblock on /dev/vdb.'
  expect(readCheckVerdict(text)).toMatchObject({ status: 'fail', reason })
})

test('what -L says of all runs is no part of the last one', () => {
  const text = `${again} 4s\ngeneric/001 aggregate results across 3 runs: fail=1 (33.3%), pass=2 (66.7%)\n`
  expect(readCheckVerdict(text)).toMatchObject({ status: 'pass', seconds: 4, output: '' })
})

// Recorded of check's own loop, with small tests and checks that find something.
test.each(['check', 'check-T'])('a recorded run of %s', (name) => {
  const text = readFileSync(join(import.meta.dirname, `../../../fixtures/fstests-check/${name}.txt`), 'utf8')
  const parts = text.split(/^(?=generic\/\d{3} )/m)
  const verdicts = parts.map((part) => {
    const { status, reason } = readCheckVerdict(part.slice('generic/001 '.length))
    return `${part.slice(0, 'generic/001'.length)} ${status} ${reason}`.trim()
  })
  expect(verdicts).toEqual([
    'generic/001 pass',
    'generic/002 fail exit status 1; dmesg: something found; output mismatch',
    'generic/003 notrun fio utility required, skipped this test',
    'generic/004 fail output mismatch',
    'generic/005 fail dumped core; output mismatch',
    'generic/006 fail filesystem on /dev/vdb is inconsistent',
    'generic/007 fail dmesg: something found',
    'generic/008 fail no qualified output',
    'generic/009 excluded expunged',
    'generic/010 fail exit status 3',
    'generic/011 fail kmemleak: something found',
    'generic/012 fail output mismatch',
    'generic/013 pass',
  ])
})

const three = ['generic/001', 'generic/002', 'xfs/003']

test.each([
  [
    'all passed',
    'Ran: generic/001 generic/002 xfs/003\nPassed all 3 tests\n\n',
    { ran: three, failed: [], notRun: [], interrupted: false },
  ],
  [
    'one failed, one was not run',
    'Ran: generic/001 generic/002 xfs/003\nNot run: generic/002\nFailures: xfs/003\nFailed 1 of 3 tests\n\n',
    { ran: three, failed: ['xfs/003'], notRun: ['generic/002'], interrupted: false },
  ],
  [
    'one failed, with -b',
    'xfs/003       [dumped core]\nFailures: xfs/003\nFailed 1 of 3 tests\n\n',
    { ran: [], failed: ['xfs/003'], notRun: [], interrupted: false },
  ],
  ['all passed, with -b', ' 4s\nPassed all 3 tests\n\n', { ran: [], failed: [], notRun: [], interrupted: false }],
  [
    'interrupted in the line of a test',
    'xfs/003   3s ... Ran: generic/001 generic/002 xfs/003\nInterrupted!\nNot run: generic/002\nPassed all 3 tests\n',
    { ran: three, failed: [], notRun: ['generic/002'], interrupted: true },
  ],
  [
    'interrupted, with -b',
    'xfs/003   3s ... Interrupted!\nFailures: generic/001\nFailed 1 of 3 tests\n',
    { ran: [], failed: ['generic/001'], notRun: [], interrupted: true },
  ],
  [
    'interrupted, with -T',
    'xfs/003   3s ...  [12:34:56]Ran: generic/001 generic/002 xfs/003\nInterrupted!\nPassed all 3 tests\n',
    { ran: three, failed: [], notRun: [], interrupted: true },
  ],
  [
    'through a serial console',
    'Ran: generic/001\r\nPassed all 1 tests\r\n\r\n',
    { ran: ['generic/001'], failed: [], notRun: [], interrupted: false },
  ],
])('%s', (_, text, summary) => {
  expect(readCheckSummary(text)).toEqual(summary)
})

test('with sections all is told twice; the interruption only the first time', () => {
  const text = `SECTION       -- xfs_4k
generic/001  3s ... Ran: generic/001
Interrupted!
Passed all 1 tests
SECTION       -- xfs_4k
=========================
Ran: generic/001
Passed all 1 tests

`
  expect(readCheckSummary(text)).toEqual({ ran: ['generic/001'], failed: [], notRun: [], interrupted: true })
})

test('a failed test in a diff above is none', () => {
  const text = '    +Failures: generic/009\nRan: generic/001\nPassed all 1 tests\n'
  expect(readCheckSummary(text)).toMatchObject({ ran: ['generic/001'], failed: [] })
})

test.each(['', 'generic/001  3s ... ', 'generic/001  3s ...  4s\nRan: generic/001\n'])(
  'check did not come to its last words: %j',
  (text) => {
    expect(readCheckSummary(text)).toBeUndefined()
  },
)
