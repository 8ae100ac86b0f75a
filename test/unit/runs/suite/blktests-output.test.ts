import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBlktestsVerdict } from '../../../../src/runs/suite/blktests-output.js'

// What blktests' check printed of its own meta tests, the first one run for the second time.
const recorded = readFileSync(join(import.meta.dirname, '../../../fixtures/ktap/blktests.txt'), 'utf8')

test.each([
  ['meta/001', 'pass', ''],
  ['meta/005', 'fail', 'output mismatch'],
  ['meta/006', 'fail', 'output mismatch'],
  ['meta/012', 'pass', ''],
  ['meta/007', 'notrun', '(╯°□°)╯︵ ┻━┻'],
  ['meta/014', 'notrun', '(╯°□°)╯︵ ┻━┻'],
  ['meta/016', 'pass', ''], // twice, for two conditions
  ['meta/***', 'notrun', 'META_REQUIRES_SKIP was set'],
  ['meta/017', 'pass', ''], // on a device
  ['meta/008', 'notrun', '(╯°□°)╯︵ /dev/loop0 ┻━┻'],
])('a recorded run of %s: %s %s', (name, status, reason) => {
  const parts = recorded.split(/^(?=meta\/)/m).filter((part) => part.startsWith(`${name} `))
  expect(parts.length).toBeGreaterThan(0)
  expect(readBlktestsVerdict(parts.join(''))).toMatchObject({ status, reason })
})

test('the runtime is that of this run, not of the last one', () => {
  const text = lines(
    'block/001 (stress device hotplugging)                       ',
    '    runtime  6.041s  ...',
    'block/001 (stress device hotplugging)                        [passed]',
    '    runtime  6.041s  ...  7.25s',
  )
  expect(readBlktestsVerdict(text)).toEqual({ status: 'pass', seconds: 7.25, reason: '', output: text.trimEnd() })
})

test.each([
  [['    exited with status 2'], 'exit status 2'],
  [['    something found in dmesg:', '    [ 12.345678] run blktests block/001'], 'dmesg: something found'],
  [['    kmemleak detected:', '    unreferenced object 0xffff8880 (size 64):'], 'kmemleak: something found'],
  [['    --- tests/block/001.out\t2026-08-21', '    +++ /r/nodev/block/001.out.bad\t2026-11-22'], 'output mismatch'],
  [[], 'failed'],
])('below the metrics stands why it failed: %j', (details, reason) => {
  const text = lines('block/001 (stress)    [failed]', '    runtime    ...  0.5s', '    reads    ...  17', ...details)
  expect(readBlktestsVerdict(text)).toMatchObject({ status: 'fail', seconds: 0.5, reason })
})

test('what a test that was not run measured last time is no reason', () => {
  const text = lines(
    'nvme/045 (test re-authentication)                            [not run]',
    '    runtime  2.1s  ...  ',
    '    command nvme is not available',
    '    kernel option NVME_AUTH has not been enabled',
  )
  const reason = 'command nvme is not available; kernel option NVME_AUTH has not been enabled'
  expect(readBlktestsVerdict(text)).toMatchObject({ status: 'notrun', seconds: undefined, reason })
})

test('one device of three that fails is enough, and it is said which', () => {
  const text = lines(
    'block/004 => nullb0 (run lots of flushes)                    [passed]',
    '    runtime    ...  1.5s',
    'block/004 => nullb1 (tr=loop) (run lots of flushes)          [failed]',
    '    runtime    ...  2.5s',
    '    exited with status 1',
    'block/004 => vdb (run lots of flushes)                       [not run]',
    '    /dev/vdb is a zoned block device',
  )
  const verdict = readBlktestsVerdict(text)
  expect(verdict).toMatchObject({ status: 'fail', seconds: 4, reason: 'nullb1 tr=loop: exit status 1' })
})

test.each([
  ['a guest that died in it', 'block/001 (stress device hotplugging)                       \n', 'no verdict'],
  ['an unknown test', './check: no group or test named block/999\n', 'no group or test named block/999'],
  ['nothing at all', '', 'no verdict'],
])('%s is a failure', (_, text, reason) => {
  expect(readBlktestsVerdict(text)).toMatchObject({ status: 'fail', reason })
})

test('colours and what programs say in between are no matter', () => {
  const text = lines(
    'block/002 (remove a device)                         ',
    'modprobe: FATAL: Module brd not found.',
    'block/002 (remove a device)                          [\x1b[31mfailed\x1b(B\x1b[m]',
    'blktrace: no such device',
    '    exited with status 1',
  )
  expect(readBlktestsVerdict(text)).toMatchObject({ status: 'fail', reason: 'exit status 1' })
})

function lines(...all: string[]): string {
  return all.map((line) => `${line}\n`).join('')
}

test('a device that does not fit is told without the word beside it', () => {
  const text = lines(
    'nvme/*** => vda                                              [not run]',
    '    /dev/vda is not a NVMe device',
    "nvme/003 (tr=loop) (test if we're sending keep-alives to a discovery controller)",
    "nvme/003 (tr=loop) (test if we're sending keep-alives to a discovery controller) [not run]",
    '    driver nvme_loop is not available',
  )
  const reason = 'vda: /dev/vda is not a NVMe device; tr=loop: driver nvme_loop is not available'
  expect(readBlktestsVerdict(text)).toMatchObject({ status: 'notrun', reason })
})
