import { flag, list, nullable, number, oneOf, type Reader, record, text, time } from './json-reader.js'
import type { IncidentResult, Verdict } from './result.js'
import type {
  Attempt,
  AttemptStatus,
  MissingProgram,
  Subtest,
  SuiteMachine,
  SuiteResult,
  TestResult,
  TestStatus,
} from './suite-result.js'

const attemptStatuses: AttemptStatus[] = ['pass', 'fail', 'notrun', 'crash', 'timeout']
const testStatuses: TestStatus[] = [...attemptStatuses, 'flaky', 'excluded', 'skipped', 'unfinished']

const verdict: Reader<Verdict> = (value, where) => {
  const { kind, reason } = record<{ kind: Verdict['kind']; reason: string | undefined }>({
    kind: oneOf('pass', 'fail', 'crash', 'timeout', 'interrupted', 'host'),
    reason: nullable(text),
  })(value, where)
  return kind === 'pass' ? { kind } : { kind, reason: reason ?? '' }
}

const subtestResult = record<Subtest>({ name: text, status: oneOf('pass', 'fail', 'skip', 'todo'), reason: text })

const attemptResult = record<Attempt>({
  status: oneOf(...attemptStatuses),
  reason: text,
  output: text,
  startedAt: time,
  durationMs: number,
  vm: number,
  warnings: list(text),
  taint: text,
  files: list(text),
  subtests: nullable(list(subtestResult)),
})

const testResult = record<TestResult>({
  name: text,
  config: nullable(text),
  status: oneOf(...testStatuses),
  reason: text,
  attempts: list(attemptResult),
})

const incidentResult = record<IncidentResult>({
  kind: text,
  role: nullable(text),
  title: text,
  lines: list(text),
  consoleLine: number,
  repeats: number,
  cause: nullable(text),
  note: nullable(text),
  fails: flag,
})

/** The document of `suiteJson()`. */
export const suiteResult = record<SuiteResult>({
  suite: text,
  profile: text,
  kernel: text,
  startedAt: time,
  durationMs: number,
  shard: nullable(text),
  verdict,
  exitStatus: number,
  tests: list(testResult),
  machines: list(record<SuiteMachine>({ vm: number, consoleLog: text, end: text })),
  incidents: list(incidentResult),
  missing: list(record<MissingProgram>({ program: text, tests: list(text), provider: text })),
  notes: list(text),
  folder: text,
})
