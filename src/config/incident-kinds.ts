/** The kinds of kernel report that a console can show; src/machine/incidents.ts finds them, `run.fail_on` names them. */
export const incidentKinds = [
  'panic', // the kernel stopped
  'oops', // a fault in the kernel: NULL dereference, page fault, general protection, bad instruction
  'bug', // BUG(), and every other "BUG: …" report: bad page state, sleeping or scheduling while atomic, KMSAN
  'kasan',
  'ubsan',
  'kcsan',
  'kfence',
  'lockdep', // locks, irq state, RCU usage
  'hung-task',
  'soft-lockup', // workqueue lockups too
  'hard-lockup',
  'rcu-stall',
  'warning', // WARN(), refcount_t, list corruption where it is not fatal; lockdep running out of room
] as const

export type IncidentKind = (typeof incidentKinds)[number]
