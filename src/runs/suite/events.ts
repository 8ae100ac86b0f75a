import type { Attempt } from '../../report/suite-result.js'

/** What a run of a suite tells beside the events of its VMs. */
export type SuiteRunEvent =
  | { type: 'suite-begun'; total: number; done: number; expectedMs: number | undefined; folder: string }
  | { type: 'test-begun'; test: string; vm: number }
  | {
      type: 'test-ended'
      test: string
      vm: number
      attempt: Attempt
      again: boolean // it ran before
      isExcused: boolean // an exclude file has it: it may fail
    }
  | { type: 'vm-begun'; vm: number }
  | { type: 'vm-ended'; vm: number; why: string }
  | { type: 'vm-booted'; vm: number }
