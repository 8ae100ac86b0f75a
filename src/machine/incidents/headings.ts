import type { IncidentKind } from '../../config/incident-kinds.js'

/** A message that begins a report. */
export interface Heading {
  kind: IncidentKind
  diesNext: boolean // an "Oops: 0000 [#1]" line follows and belongs to this report
}

/** Whether this kernel message begins a report, and of what. Anchored: the same words further on in a line are nothing. */
export function heading(text: string): Heading | undefined {
  if (!candidate.test(text)) return undefined
  if (noReport.test(text)) return undefined
  const row = table.find(([pattern]) => pattern.test(text))
  return row && { kind: row[1], diesNext: row[2] === 'dies next' }
}

/** "invalid opcode: 0000 [#1] SMP", "Oops: general protection fault: 0000 [#1]", "Internal error: Oops: 96000004 [#1]". */
export function isDieLine(text: string): boolean {
  return candidate.test(text) && dieLine.test(text)
}

/** Whether this panic says that something reported before it led to it. */
export function isConsequence(text: string): boolean {
  return /Fatal exception|Attempted to kill|Aiee, killing|panic\w* set|softlockup|Hard LOCKUP|hung_task|RCU Stall|too often/.test(
    text,
  )
}

const dieLine = /^(?:Oops\b|Internal error: |PANIC: double fault|(?:traps: )?PANIC: |[^:]{1,120}: [0-9a-f]{4,16} \[#\d)/

// One quick look at every line of a flood; the table is asked only then.
const candidate =
  /^(?:Kernel panic|BUG|WARNING|INFO|UBSAN|Oops|Unable|CPU \d+ Unable|Internal error|PANIC|traps: PANIC|[kK]ernel BUG|(?:NMI )?watchdog: |Watchdog|rcu: INFO|\[ (?:BUG|INFO): |[^:]{1,120}: [0-9a-f]{4,16} \[#\d)/

// Said by kernels that are well, or again of what was reported before.
const noReport =
  /^(?:BUG: (?:Bad page (?:state|map|cache): \d+ messages suppressed|arch topology borken)|INFO: (?:lockdep is turned off|Stall ended))/

// The first row that matches decides.
const table: [RegExp, IncidentKind, 'dies next'?][] = [
  [/^Kernel panic - not syncing/, 'panic'],
  [/^BUG: (?:unable to handle|kernel NULL pointer|.{0,40}stack guard page was hit)/i, 'oops', 'dies next'],
  [/^BUG: Kernel .{0,40}(?:dereference|access|fetch)/i, 'oops', 'dies next'], // powerpc
  [/^(?:CPU \d+ )?Unable to handle kernel/, 'oops', 'dies next'], // arm64, riscv, s390, mips
  [/^[kK]ernel BUG at /, 'bug', 'dies next'],
  [dieLine, 'oops'],
  [/^BUG: KASAN: /, 'kasan'],
  [/^BUG: KCSAN: /, 'kcsan'],
  [/^BUG: KFENCE: /, 'kfence'],
  [/^UBSAN: /, 'ubsan'],
  [/^(?:(?:NMI )?watchdog: )?BUG: soft lockup/, 'soft-lockup'],
  [/^BUG: workqueue lockup/, 'soft-lockup'],
  [/^(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP/, 'hard-lockup'],
  [/^watchdog: CPU \d+ (?:self-detected hard LOCKUP|detected hard LOCKUP on other CPUs)/, 'hard-lockup'], // powerpc
  [/^INFO: task .{1,80} blocked (?:for|in I\/O wait for) more than /, 'hung-task'],
  [/^(?:rcu: )?INFO: \w{1,40} (?:self-)?detected (?:expedited )?stalls?\b/, 'rcu-stall'],
  [/^BUG: MAX_(?:LOCK|STACK)\w+ too low!/, 'warning'], // lockdep ran out of room and stopped looking
  [
    /^(?:WARNING|INFO): (?:possible (?:circular|recursive|irq lock) |inconsistent lock state|suspicious RCU usage)/,
    'lockdep',
  ],
  [/^WARNING: (?:bad (?:unlock balance|contention) detected|held lock freed|Nested lock was not taken)/, 'lockdep'],
  [/^WARNING: (?:lock held when returning to user space|\w{1,20}-safe -> \w{1,20}-unsafe lock order)/, 'lockdep'],
  [/^WARNING: (?:.{1,80} still has locks held!|circular locking deadlock detected)/, 'lockdep'],
  [/^INFO: trying to register non-static key/, 'lockdep'],
  [/^\[ (?:BUG|INFO): .{1,80} \]$/, 'lockdep'], // "[ BUG: Invalid wait context ]", and all of them before 4.11
  [/^BUG: /, 'bug'],
  [/^BUG \S{1,80} \(.{1,40}\): /, 'bug'], // SLUB's red zones and poison
  [/^WARNING: CPU: \d+ PID: \d+ at /, 'warning'],
  [/^WARNING: (?:[^ :]{1,200}:\d+ )?at .{1,200}, CPU#\d/, 'warning'], // since Linux 6.19
]
