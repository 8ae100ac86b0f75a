import { expect, test } from 'vitest'
import { disagreements } from '../../../../src/runs/suite/disagreements.js'

const own = { ran: ['generic/001', 'generic/002', 'generic/003'], failed: ['generic/002'], notRun: ['generic/003'] }

test('verdicts that are those of the suite itself need no words', () => {
  const verdicts = new Map([
    ['generic/001', 'pass'],
    ['generic/002', 'fail'],
    ['generic/003', 'notrun'],
  ] as const)
  expect(disagreements(verdicts, own)).toEqual([])
})

test('a test that the suite counts as failed and we as passed is told, and so is the opposite', () => {
  const verdicts = new Map([
    ['generic/001', 'fail'],
    ['generic/002', 'pass'],
  ] as const)
  expect(disagreements(verdicts, own)).toEqual([
    'generic/001: read as "fail" from its output, "pass" in the suite\'s own summary',
    'generic/002: read as "pass" from its output, "fail" in the suite\'s own summary',
  ])
})

test('a suite that came to no summary, or does not list a test in it, contradicts nobody', () => {
  const verdicts = new Map([['generic/009', 'fail']] as const)
  expect([disagreements(verdicts, undefined), disagreements(verdicts, own)]).toEqual([[], []])
})
