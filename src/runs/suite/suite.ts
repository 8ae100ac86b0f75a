import type { Exclude } from '../../plan/suite/excludes.js'
import type { Attempt } from '../../report/suite-result.js'
import type { RunPlan } from '../plan-run.js'

/** A test to run, in one configuration. */
export interface SuiteTest {
  name: string
  config: string | undefined
  excluded?: string | undefined // why it is left out
  excused?: Exclude | undefined // the entry that leaves it out, though it runs: it may fail
}

/** What a program in the guest said of a test, read by who knows the suite. */
export type TestVerdict = Pick<Attempt, 'status' | 'reason' | 'output' | 'subtests'>

/** How a suite runs its tests in a guest. */
export interface SuiteProgram {
  /** Words behind suite-run that run these tests, in this order, in a configuration. */
  argv(tests: string[], config: string | undefined): string[]
  env(config: string | undefined): Record<string, string>
  /** Files of the guest that it needs for these tests, by their path there. */
  files?(tests: string[]): Record<string, string>
  /**
   * `text` is what was printed between the start of the test and the next, `isCut` if that is only the end of it, `exit` its
   * status where the suite has one.
   */
  verdict(said: { text: string; isCut?: boolean; exit: number | undefined }): TestVerdict
  /** What the program says of all its tests at its end, where it came to it: a verdict that differs is told. */
  ownSummary?(text: string): ProgramSummary | undefined
}

/** Names of tests. */
export interface ProgramSummary {
  ran: string[] // those in neither of the other lists passed
  failed: string[]
  notRun: string[]
}

/** A suite to run: everything known before a VM is booted. */
export interface SuitePlan {
  suite: string // "fstests"
  run: RunPlan
  tests: SuiteTest[] // in their order
  program: SuiteProgram
  testTimeoutMs: number
  shard: string | undefined // "2/4"
  notes: string[]
}

/** What identifies a test of a run. */
export function testKey({ name, config }: Pick<SuiteTest, 'name' | 'config'>): string {
  return config === undefined ? name : `${config}:${name}`
}
