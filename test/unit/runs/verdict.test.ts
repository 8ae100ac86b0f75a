import { describe, expect, test } from 'vitest'
import { type ErrorCode, exitStatus, RapidoError } from '../../../src/errors.js'
import type { IncidentResult, StepResult, Verdict } from '../../../src/report/result.js'
import { exitStatusOf, verdictOf } from '../../../src/runs/verdict.js'

const step = (name: string, status: number | undefined): StepResult => ({ name, status, durationMs: 1 })
const incident = (kind: string, fails: boolean): IncidentResult => ({
  kind,
  title: `${kind} happened`,
  lines: [],
  consoleLine: 1,
  fails,
})

type Run = Parameters<typeof verdictOf>[0]

describe('a run', () => {
  test.each<[string, Partial<Run>, Verdict]>([
    ['without steps', {}, { kind: 'pass' }],
    ['whose steps succeed', { steps: [step('boot', 0), step('true', 0)] }, { kind: 'pass' }],
    [
      'with a step that fails',
      { steps: [step('boot', 0), step('false', 1)] },
      { kind: 'fail', reason: 'false: exit status 1' },
    ],
    [
      'with a step that never finished',
      { steps: [step('x', undefined)] },
      { kind: 'fail', reason: 'x: exit status unknown' },
    ],
    ['with a report that does not count', { incidents: [incident('warning', false)] }, { kind: 'pass' }],
    [
      'with a report that counts',
      { incidents: [incident('warning', true)] },
      { kind: 'crash', reason: 'warning happened' },
    ],
    [
      'with more than one: the first that counts is the cause',
      { incidents: [incident('warning', false), incident('oops', true), incident('panic', true)] },
      { kind: 'crash', reason: 'oops happened' },
    ],
    [
      'that timed out over a crash',
      { failure: new RapidoError('timeout', 'too long'), incidents: [incident('oops', true)], steps: [step('x', 1)] },
      { kind: 'crash', reason: 'oops happened' },
    ],
    [
      'that timed out in a step',
      { failure: new RapidoError('timeout', 'too long', { hint: 'use --timeout' }), steps: [step('x', undefined)] },
      { kind: 'timeout', reason: 'too long\nuse --timeout' },
    ],
  ])('%s', (_, run, verdict) => {
    expect(verdictOf({ failure: undefined, steps: [], incidents: [], ...run })).toEqual(verdict)
  })

  test.each<[ErrorCode, Verdict['kind']]>([
    ['guest', 'fail'],
    ['host', 'host'],
    ['crash', 'crash'],
    ['timeout', 'timeout'],
    ['interrupted', 'interrupted'],
  ])('that failed with a %s error: %s', (code, kind) => {
    const failure = new RapidoError(code, 'because')
    expect(verdictOf({ failure, steps: [], incidents: [] })).toEqual({ kind, reason: 'because' })
  })

  test.each([new RapidoError('usage', 'no such setting'), new TypeError('a bug'), 'thrown text'])(
    'that failed with %s has no verdict: that goes on to the caller',
    (failure) => {
      let thrown: unknown
      try {
        verdictOf({ failure, steps: [], incidents: [] })
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBe(failure)
    },
  )
})

test.each<[Verdict, number]>([
  [{ kind: 'pass' }, 0],
  [{ kind: 'fail', reason: '' }, 1],
  [{ kind: 'host', reason: '' }, 3],
  [{ kind: 'crash', reason: '' }, 4],
  [{ kind: 'timeout', reason: '' }, 5],
  [{ kind: 'interrupted', reason: '' }, 130],
])('%j has an exit status of its own: %i', (verdict, status) => {
  expect(exitStatusOf(verdict)).toBe(status)
  expect(Object.values(exitStatus)).toContain(status)
})
