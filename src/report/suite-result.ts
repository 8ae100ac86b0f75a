import type { IncidentResult, Verdict } from './result.js'

/** How one time that a test ran ended. */
export type AttemptStatus =
  | 'pass'
  | 'fail'
  | 'notrun' // it said itself that it cannot run here, and why
  | 'crash' // the guest died in it, or QEMU did
  | 'timeout' // it took longer than a test may; the guest was replaced

/** One time that a test ran. A line of results.jsonl, with the name and configuration of the test. */
export interface Attempt {
  status: AttemptStatus
  reason: string // one line; empty for one that passed
  output: string // what the suite said of it, and of a crash the kernel's report; at most the last 64 KiB, 8 KiB where it passed
  startedAt: string // ISO 8601
  durationMs: number // until its results were here, the suite's own checks included
  vm: number // which VM of the run it was: 1 for the first
  warnings: string[] // titles of kernel reports in it that did not end the guest: "WARNING: …"
  taint: string // flags that the kernel has since: "W"; empty: none
  files: string[] // in the result folder: "tests/generic/001.full"
  subtests?: Subtest[] // where the suite tells of them
}

/** A point of a test that prints TAP or KTAP. */
export interface Subtest {
  name: string // with those above it: "suite/case/point"
  status: 'pass' | 'fail' | 'skip' | 'todo'
  reason: string // behind the directive, or the diagnostics of one that failed; may be empty
}

/** What a test of the run means, all its attempts considered. */
export type TestStatus =
  | AttemptStatus
  | 'flaky' // it failed and it passed
  | 'excluded' // an exclude file has it
  | 'skipped' // it crashed the guest twice and was left alone from then on
  | 'unfinished' // the run ended before it

/** A test in one configuration. */
export interface TestResult {
  name: string // generic/001
  config: string | undefined // the section or configuration, where a run has several
  status: TestStatus
  reason: string // one line; empty for one that passed
  attempts: Attempt[] // in their order
}

/** A machine of the run. */
export interface SuiteMachine {
  vm: number // 1 for the first of the run
  consoleLog: string // in the result folder: "vms/1.console"
  end: string // "the kernel panicked"
}

/** Programs that tests wanted and the image has not. */
export interface MissingProgram {
  program: string
  tests: string[]
  provider: string // how to get it: "apt install duperemove", or that this host has it; may be empty
}

/** A run of a suite, finished or cut short. Every report is made of it. */
export interface SuiteResult {
  suite: string // "fstests", "kselftest", or the profile with a suite of its own
  profile: string
  kernel: string // release
  startedAt: string // ISO 8601
  durationMs: number
  shard: string | undefined // "2/4"
  verdict: Verdict
  exitStatus: number
  tests: TestResult[] // in the order of the selection
  machines: SuiteMachine[]
  incidents: IncidentResult[] // kernel reports outside of any test
  missing: MissingProgram[]
  notes: string[] // what else is worth a line
  folder: string // the result folder
}
