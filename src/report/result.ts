import type { Phase } from './timing.js'

/** What ended a run. Each kind has its own exit status (src/errors.ts). */
export type Verdict =
  | { kind: 'pass' }
  | { kind: 'fail'; reason: string } // a command or boot.sh exited non-zero, or the guest left before it was done
  | { kind: 'crash'; reason: string } // the kernel crashed, or reported something that `run.fail_on` names
  | { kind: 'timeout'; reason: string } // a limit passed: the whole run's, or silence
  | { kind: 'interrupted'; reason: string }
  | { kind: 'host'; reason: string } // this host could not run it

/** One step of a run: boot, boot.sh, each command. Times in milliseconds. */
export interface StepResult {
  name: string // "boot", "boot.sh", or the command as typed; in a group with the role before it: "target: boot.sh"
  status: number | undefined // exit status in the guest; undefined: it never finished
  durationMs: number
  stdout?: string // at most the last 64 KiB, for reports
  stderr?: string
  reason?: string // of a step of a scenario that failed
}

/** A kernel report found on the console (src/machine/incidents.ts). */
export interface IncidentResult {
  kind: string
  role?: string | undefined // of the machine that told it, in a group
  title: string
  lines: string[]
  consoleLine: number // 1-based line of the console log it starts at
  repeats?: number // how often the kernel told it again
  cause?: string | undefined // of a panic: the title of the report that led to it
  note?: string | undefined // why its lines are not symbolised, where a tree should have allowed it
  fails: boolean // whether `run.fail_on` counts it
}

/** One machine of a run. */
export interface MachineResult {
  role: string | undefined // in a group
  profile: string
  kernel: string // release
  vm: number | undefined // until it had a number
  consoleLog: string | undefined // path
  lastLines?: string[] // of the console, where a scenario did not pass
}

/** A finished run: what `--json` prints and what junit is made of. */
export interface RunResult {
  profile: string
  kernel: string // release
  vm: number | undefined // of the machine that the verdict is about, else the first
  machines: MachineResult[]
  verdict: Verdict
  exitStatus: number
  startedAt: string // ISO 8601
  durationMs: number
  steps: StepResult[]
  incidents: IncidentResult[]
  consoleLog: string | undefined // path
  notes?: string[] // what a scenario reports: measured values, mostly
  timing?: Phase[] // of a run of one machine
  kept?: string // a folder with what is left of a scenario that did not pass
}
