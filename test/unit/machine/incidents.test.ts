import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Incident, IncidentScanner } from '../../../src/machine/incidents.js'

const logs = join(import.meta.dirname, '../../fixtures/console')
const provoke = '/tmp/inc/provoke-debian/provoke.c'

// What is found in each log: "KIND@LINE TITLE", "×N" for what is told N times, "<- KIND" for a panic's cause.
const found: Record<string, string[]> = {
  'bug-bad-page-state': [
    'bug@7 BUG: Bad page state in process insmod  pfn:00979',
    'bug@54 BUG: Bad page state in process insmod  pfn:00978',
  ],
  'bug-list-corruption': [
    'bug@6 kernel BUG at lib/list_debug.c:59! (list_del corruption. prev->next should be ffffd286c03eba00, but was 0000000000000000. (prev=ffffd286c03eba20))',
  ],
  'bug-scheduling-while-atomic': [
    'bug@6 BUG: scheduling while atomic: insmod/91/0x00000002',
    'warning@38 WARNING: CPU: 0 PID: 91 at init/main.c:1284 do_one_initcall+0x1d7/0x220 (initcall provoke_init+0x0/0x1000 [provoke] returned with preemption imbalance)',
  ],
  'bug-sleeping-in-atomic': [
    'bug@7 BUG: sleeping function called from invalid context at /tmp/inc/provoke-kasan/provoke.c:75',
  ],
  bug: [`bug@7 kernel BUG at ${provoke}:58!`],
  'clean-boot': [],
  'hard-lockup-panic': [
    'hard-lockup@2 NMI watchdog: Watchdog detected hard LOCKUP on cpu 0',
    'panic@42 Kernel panic - not syncing: Hard LOCKUP <- hard-lockup',
  ],
  'hung-task': ['hung-task@7 INFO: task provoke/d:92 blocked for more than 3 seconds. ×3'],
  'kasan-no-timestamps': ['kasan@7 BUG: KASAN: use-after-free in provoke_init+0x870/0x1000 [provoke]'],
  'kasan-panic': [
    'kasan@7 BUG: KASAN: use-after-free in provoke_init+0x870/0x1000 [provoke]',
    'panic@95 Kernel panic - not syncing: KASAN: panic_on_warn set ... <- kasan',
  ],
  'kasan-use-after-free': ['kasan@7 BUG: KASAN: use-after-free in provoke_init+0x870/0x1000 [provoke]'],
  'kcsan-data-race': ['kcsan@8 BUG: KCSAN: data-race in racer [provoke] / racer [provoke] ×3'],
  'kfence-out-of-bounds': ['kfence@2 BUG: KFENCE: out-of-bounds read in provoke_init+0x95c/0x1000 [provoke] ×4'],
  'lockdep-circular': ['lockdep@8 WARNING: possible circular locking dependency detected'],
  'lockdep-held-in-user-space': ['lockdep@8 WARNING: lock held when returning to user space!'],
  'lockdep-held-lock-freed': ['lockdep@8 WARNING: held lock freed!'],
  'lockdep-irq-state': ['lockdep@8 WARNING: inconsistent lock state'],
  'lockdep-rcu': [
    'lockdep@8 WARNING: suspicious RCU usage',
    'oops@52 general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] PREEMPT SMP KASAN',
  ],
  'lockdep-recursive-hung-task': [
    'lockdep@8 WARNING: possible recursive locking detected',
    'hung-task@62 INFO: task provoke/r:40 blocked for more than 5 seconds.',
  ],
  'lockdep-unlock-balance': ['lockdep@8 WARNING: bad unlock balance detected!'],
  'oops-arm64-panic': [
    'oops@2 Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000',
    'panic@31 Kernel panic - not syncing: Oops: Fatal exception <- oops',
  ],
  'oops-gpf': [
    'oops@6 general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] PREEMPT SMP NOPTI',
  ],
  'oops-in-interrupt': ['oops@6 BUG: kernel NULL pointer dereference, address: 0000000000000000'],
  'oops-invalid-opcode': ['oops@6 invalid opcode: 0000 [#1] PREEMPT SMP NOPTI'],
  'oops-null': ['oops@6 BUG: kernel NULL pointer dereference, address: 0000000000000000'],
  'oops-null-panic': [
    'oops@6 BUG: kernel NULL pointer dereference, address: 0000000000000000',
    'panic@64 Kernel panic - not syncing: Fatal exception <- oops',
  ],
  'oops-page-fault': ['oops@6 BUG: unable to handle page fault for address: ffff888fffff0000'],
  'oops-stack-overflow-panic': [
    'oops@6 BUG: TASK stack guard page was hit at (____ptrval____) (stack is (____ptrval____)..(____ptrval____))',
    'panic@90 Kernel panic - not syncing: Fatal exception in interrupt <- oops',
  ],
  'panic-init-exits': ['panic@4 Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000700'],
  'panic-no-root': ['panic@9 Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'],
  'panic-sysrq': ['panic@5 Kernel panic - not syncing: sysrq triggered crash'],
  'rcu-stall': ['rcu-stall@6 rcu: INFO: rcu_preempt detected stalls on CPUs/tasks: ×2'],
  // a prompt and a progress bar before the kernel's words, quotes of reports, and dmesg at the end
  'shell-and-dmesg': [
    `warning@11 WARNING: CPU: 1 PID: 93 at ${provoke}:62 provoke_init+0x14c/0x1000 [provoke] (provoke: this is not 7)`,
    'oops@55 BUG: kernel NULL pointer dereference, address: 0000000000000000',
  ],
  'soft-lockup': [
    'soft-lockup@6 watchdog: BUG: soft lockup - CPU#0 stuck for 11s! [insmod:91] ×4',
    'rcu-stall@49 rcu: INFO: rcu_preempt self-detected stall on CPU',
  ],
  'soft-lockup-panic': [
    'soft-lockup@6 watchdog: BUG: soft lockup - CPU#0 stuck for 10s! [insmod:91]',
    'panic@45 Kernel panic - not syncing: softlockup: hung tasks <- soft-lockup',
  ],
  'ubsan-kasan': [
    'ubsan@7 UBSAN: array-index-out-of-bounds in /tmp/inc/provoke-kasan/provoke.c:83:62',
    'kasan@44 BUG: KASAN: global-out-of-bounds in provoke_init+0xa48/0x1000 [provoke]',
  ],
  'ubsan-shift': ['ubsan@7 UBSAN: shift-out-of-bounds in /tmp/inc/provoke-kasan/provoke.c:82:32'],
  warning: [
    `warning@7 WARNING: CPU: 0 PID: 92 at ${provoke}:62 provoke_init+0x150/0x1000 [provoke] (provoke: this is not 7)`,
  ],
  'warning-panic': [
    `warning@7 WARNING: CPU: 0 PID: 91 at ${provoke}:62 provoke_init+0x150/0x1000 [provoke] (provoke: this is not 7)`,
    'panic@50 Kernel panic - not syncing: kernel: panic_on_warn set ... <- warning',
  ],
  'warning-refcount': [
    'warning@7 WARNING: CPU: 1 PID: 92 at lib/refcount.c:25 refcount_warn_saturate+0x97/0x110 (refcount_t: addition on 0; use-after-free.)',
  ],
  'workqueue-lockup': ['soft-lockup@6 BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 12s! ×4'],
}

test('every recorded console has its expectation here', () => {
  const names = readdirSync(logs).filter((name) => name.endsWith('.log'))
  expect(names.map((name) => name.slice(0, -4)).sort()).toEqual(Object.keys(found).sort())
})

test.each(Object.entries(found))('%s', (name, expected) => {
  const log = readFileSync(join(logs, `${name}.log`))
  const incidents = scan(log)
  expect(incidents.map(told)).toEqual(expected)
  for (const incident of incidents) {
    expect(incident.complete).toBe(true)
    expect(incident.lines.length).toBeLessThanOrEqual(100)
    // what the report says is what stands at that place of the log
    const line = log.toString().split('\n')[incident.consoleLine - 1]
    expect(line).toContain(incident.lines[0])
  }
  for (const size of [1, 7, 1000]) expect(scan(log, size).map(bare)).toEqual(incidents.map(bare))
})

test.each([
  [
    'oops-null',
    'BUG: kernel NULL pointer dereference, address: 0000000000000000',
    '---[ end trace 0000000000000000 ]---',
  ],
  ['warning', 'provoke: this is not 7', '---[ end trace 0000000000000000 ]---'],
  ['hung-task', 'INFO: task provoke/d:92 blocked for more than 3 seconds.', ' </TASK>'],
  ['lockdep-irq-state', 'WARNING: inconsistent lock state', ' </TASK>'],
  ['ubsan-shift', 'UBSAN: shift-out-of-bounds in /tmp/inc/provoke-kasan/provoke.c:82:32', ' </TASK>'],
  [
    'kasan-use-after-free',
    'BUG: KASAN: use-after-free in provoke_init+0x870/0x1000 [provoke]',
    ' ffff888000387700: fa fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb',
  ],
])('the report of %s begins and ends where the kernel begins and ends it', (name, first, last) => {
  const { lines } = scan(readFileSync(join(logs, `${name}.log`)))[0] as Incident
  expect([lines[0], lines.at(-1)]).toEqual([first, last])
})

test('an incident is told at its first line, and its lines come in as the kernel prints them', () => {
  const scanner = new IncidentScanner()
  expect(scanner.feed('[    1.000000] BUG: kernel NULL pointer deref')).toEqual([])
  const [oops] = scanner.feed('erence, address: 0\r\n') as [Incident]
  expect([oops.kind, oops.lines.length, oops.complete]).toEqual(['oops', 1, false])
  scanner.feed('[    1.000100] Oops: 0000 [#1] SMP\r\n[    1.000200] RIP: 0010:f+0x1/0x2\r\n')
  expect([oops.lines.length, oops.complete]).toEqual([3, false])
  scanner.feed('[    1.000300] ---[ end trace 0000000000000000 ]---\r\n[    1.000400] RIP: 0010:f+0x1/0x2\r\n')
  expect([oops.lines.length, oops.complete]).toEqual([4, true])
})

test('a report without an end mark ends with the console, or when the kernel has been quiet for 5 seconds', () => {
  const scanner = new IncidentScanner()
  const [stall] = scanner.feed('[   10.000000] rcu: INFO: rcu_sched self-detected stall on CPU\n') as [Incident]
  scanner.feed('[   10.100000] rcu: \t0-....: (5249 ticks this GP)\n[   16.000000] EXT4-fs (vda): mounted\n')
  expect([stall.lines.length, stall.complete]).toEqual([2, true])
  expect(scan('BUG: Bad page state in process x  pfn:1').map(({ complete }) => complete)).toEqual([true])
})

test("programs' lines are no part of a report, where the kernel prints timestamps", () => {
  const [warning] = scan('[    1.0000] no\n[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\nhello\n[    1.1')
  expect(warning?.lines).toEqual(['WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2'])
})

test('a second oops is a second incident, though the first is still being printed', () => {
  const oops = (n: number) => `[    1.00000${n}] BUG: unable to handle page fault for address: 0\n`
  const die = (n: number) => `[    1.00001${n}] Oops: 0000 [#${n}] SMP\n`
  expect(scan(oops(1) + die(1) + oops(2) + die(2) + die(3)).map(told)).toEqual([
    'oops@1 BUG: unable to handle page fault for address: 0',
    'oops@3 BUG: unable to handle page fault for address: 0',
    'oops@5 Oops: 0000 [#3] SMP',
  ])
})

test('an oops long after a BUG that never died is one of its own', () => {
  const log = '[    1.000000] kernel BUG at a.c:1!\n[   20.000000] Oops: 0000 [#1] SMP\n'
  expect(scan(log).map(told)).toEqual(['bug@1 kernel BUG at a.c:1!', 'oops@2 Oops: 0000 [#1] SMP'])
})

test('a lockup that is back after minutes is a new one; so is the same WARN() after 10 seconds', () => {
  const lockup = (s: number) => `[${s}.000000] watchdog: BUG: soft lockup - CPU#1 stuck for ${s}s! [cat:7]\n`
  expect(scan(lockup(100) + lockup(120) + lockup(400)).map(({ repeats }) => repeats)).toEqual([1, 0])
  const warn = (s: number, pid: number) => `[${s}.000000] WARNING: CPU: 0 PID: ${pid} at a.c:1 f+0x1/0x2\n`
  expect(scan(warn(10, 1) + warn(11, 2) + warn(30, 3)).map(({ repeats }) => repeats)).toEqual([1, 0])
})

test('a panic that has nothing to do with an earlier report has no cause', () => {
  const warning = '[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n'
  const [, noRoot] = scan(`${warning}[    1.500000] Kernel panic - not syncing: VFS: Unable to mount root fs\n`)
  expect(noRoot?.cause).toBeUndefined()
  const [, exits] = scan(
    `${warning}[  100.500000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x100\n`,
  )
  expect(exits?.cause).toBeUndefined()
})

test('a flood of reports is cut at 100 of a kind; a panic after it is told', () => {
  const scanner = new IncidentScanner()
  const begun: Incident[] = []
  for (let n = 0; n < 500; n++) {
    begun.push(...scanner.feed(`[${100 + n}.000000] BUG: Bad rss-counter state mm:${n} type:MM_ANONPAGES val:1\n`))
  }
  begun.push(...scanner.feed('[  900.000000] Kernel panic - not syncing: enough\n'))
  expect([begun.length, begun.at(-1)?.kind, scanner.dropped]).toEqual([101, 'panic', 400])
})

test('a report is bounded in lines and width', () => {
  const line = `[    1.000001] ${'x'.repeat(900)}\n`
  const [oops] = scan(`[    1.000000] Oops: 0000 [#1] ${'y'.repeat(900)}\n${line.repeat(200)}`) as [Incident]
  expect([oops.lines.length, Math.max(...oops.lines.map(({ length }) => length)), oops.title.length]).toEqual([
    100, 512, 300,
  ])
})

test('a megabyte without a line end hides no report behind it, and costs no memory', () => {
  const scanner = new IncidentScanner()
  for (let n = 0; n < 256; n++) scanner.feed('x'.repeat(4096))
  const [found] = scanner.feed('[   12.345678] BUG: KASAN: double-free in kfree+0x1/0x2\nok\n')
  expect([found?.kind, found?.consoleLine]).toEqual(['kasan', 1])
})

test('what is left of a cut line is not taken for the beginning of one', () => {
  const behind = 'BUG: KASAN: double-free in kfree+0x1/0x2'
  expect(scan(`${'x'.repeat(5000 - 2048)}${behind.padEnd(2048)}\n`)).toEqual([])
})

function scan(log: Buffer | string, chunkSize = Number.POSITIVE_INFINITY): Incident[] {
  const scanner = new IncidentScanner()
  const bytes = Buffer.from(log)
  const begun: Incident[] = []
  for (let at = 0; at < bytes.length; at += chunkSize) begun.push(...scanner.feed(bytes.subarray(at, at + chunkSize)))
  return [...begun, ...scanner.end()]
}

function told({ kind, title, consoleLine, repeats, cause }: Incident): string {
  return `${kind}@${consoleLine} ${title}${repeats > 0 ? ` ×${repeats + 1}` : ''}${cause ? ` <- ${cause.kind}` : ''}`
}

function bare({ cause, ...incident }: Incident): object {
  return { ...incident, cause: cause?.title }
}
