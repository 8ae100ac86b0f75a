import { expect, test } from 'vitest'
import { heading } from '../../../../src/machine/incidents/headings.js'

// As kernels of several versions and architectures print them; those on recorded consoles are in incidents.test.ts.
test.each([
  ['Kernel panic - not syncing: Fatal exception', 'panic'],
  ['Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: f+0x1/0x2', 'panic'],
  ['BUG: unable to handle kernel NULL pointer dereference at 0000000000000008', 'oops'], // before 5.1
  ['BUG: unable to handle page fault for address: ffffffffc0000000', 'oops'],
  ['BUG: stack guard page was hit at 00000000deadbeef (stack is 0..1)', 'oops'],
  ['BUG: Kernel NULL pointer dereference on read at 0x00000000', 'oops'], // powerpc
  ['BUG: Unable to handle kernel data access at 0xc00a0000', 'oops'], // powerpc
  ['Unable to handle kernel paging request at virtual address ffffff8000000000', 'oops'], // arm64
  ['CPU 0 Unable to handle kernel paging request at virtual address 00000000', 'oops'], // mips
  ['Unable to handle kernel pointer dereference in virtual kernel address space', 'oops'], // s390
  ['Internal error: Oops - BUG: 00000000f2000800 [#1] SMP', 'oops'],
  ['Internal error: synchronous external abort: 0000000096000410 [#1] SMP', 'oops'],
  ['Oops: 0002 [#1] PREEMPT SMP KASAN NOPTI', 'oops'],
  ['Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP', 'oops'], // 6.11
  ['Oops: Oops: 0000 [#1] SMP', 'oops'],
  ['general protection fault: 0000 [#1] SMP', 'oops'],
  ['divide error: 0000 [#1] SMP', 'oops'],
  ['int3: 0000 [#1] SMP', 'oops'],
  ['stack segment: 0000 [#3] SMP', 'oops'],
  ['traps: PANIC: double fault, error_code: 0x0', 'oops'],
  ['kernel BUG at fs/ext4/inode.c:2721!', 'bug'],
  ['Kernel BUG at f+0x1/0x2 [verbose debug info unavailable]', 'bug'],
  ['BUG: sleeping function called from invalid context at mm/slab.h:494', 'bug'],
  ['BUG: scheduling while atomic: kworker/0:1/12/0x00000002', 'bug'],
  ['BUG: Bad page map in process cat  pte:8000000 pmd:1', 'bug'],
  ['BUG: Bad rss-counter state mm:00000000 type:MM_FILEPAGES val:1', 'bug'],
  ['BUG: using smp_processor_id() in preemptible [00000000] code: cat/1', 'bug'],
  ['BUG: spinlock bad magic on CPU#0, cat/7', 'bug'],
  ['BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000001/12', 'bug'],
  ['BUG: KMSAN: uninit-value in f+0x1/0x2', 'bug'],
  ['BUG: Dentry 00000000{i=1,n=x}  still in use (1) [unmount of tmpfs tmpfs]', 'bug'],
  ['BUG kmalloc-64 (Tainted: G    B  ): Right Redzone overwritten', 'bug'],
  ['BUG: KASAN: slab-out-of-bounds in f+0x1/0x2', 'kasan'],
  ['BUG: KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]', 'kasan'],
  ['BUG: KCSAN: data-race in f / g', 'kcsan'],
  ['BUG: KCSAN: assert: race in f+0x1/0x2', 'kcsan'],
  ['BUG: KFENCE: memory corruption in f+0x1/0x2', 'kfence'],
  ['UBSAN: signed-integer-overflow in a.c:1:2', 'ubsan'],
  ['WARNING: possible circular locking dependency detected', 'lockdep'],
  ['WARNING: possible irq lock inversion dependency detected', 'lockdep'],
  ['WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected', 'lockdep'],
  ['WARNING: Nested lock was not taken', 'lockdep'],
  ['WARNING: cat/77 still has locks held!', 'lockdep'],
  ['[ BUG: Invalid wait context ]', 'lockdep'],
  ['[ INFO: possible circular locking dependency detected ]', 'lockdep'], // before 4.11
  ['INFO: trying to register non-static key.', 'lockdep'],
  ['INFO: task kworker/u4:1:32 blocked for more than 120 seconds.', 'hung-task'],
  ['INFO: task jbd2/vda-8:99 blocked in I/O wait for more than 122 seconds.', 'hung-task'], // 6.19
  ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [swapper/1:0]', 'soft-lockup'],
  ['NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [swapper/1:0]', 'soft-lockup'], // before 4.15
  ['BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 34s!', 'soft-lockup'],
  ['watchdog: Watchdog detected hard LOCKUP on cpu 3', 'hard-lockup'],
  ['Watchdog detected hard LOCKUP on cpu 3', 'hard-lockup'],
  ['watchdog: CPU 3 self-detected hard LOCKUP @ f+0x1/0x2', 'hard-lockup'], // powerpc
  ['rcu: INFO: rcu_sched self-detected stall on CPU', 'rcu-stall'],
  ['INFO: rcu_sched detected stalls on CPUs/tasks:', 'rcu-stall'], // before 4.19
  ['rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 0-...D } 21 jiffies', 'rcu-stall'],
  ['INFO: rcu_tasks detected stalls on tasks:', 'rcu-stall'],
  ['INFO: rcu_tasks_trace detected stalls? (Late IPI?)', 'rcu-stall'],
  ['WARNING: CPU: 0 PID: 1 at fs/inode.c:1 f+0x1/0x2', 'warning'],
  ['WARNING: fs/inode.c:1 at f+0x1/0x2, CPU#0: cat/77', 'warning'], // 6.19
  ['WARNING: at f+0x1/0x2 [ext4], CPU#0: cat/77', 'warning'],
  ['BUG: MAX_LOCKDEP_CHAINS too low!', 'warning'], // lockdep has stopped looking: nothing is wrong with the locks
] as const)('%s is a heading of kind %s', (text, kind) => {
  expect(heading(text)?.kind).toBe(kind)
})

test.each([
  'WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!', // of the CPU
  'Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible',
  'WARNING: polling idle and HT enabled, performance may degrade',
  'WARNING: cpu0: microcode is old', // a program's
  'warning: `cat` uses wireless extensions',
  'INFO: lockdep is turned off.',
  'INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 8.837 msecs',
  'INFO: Stall ended before state dump start',
  'INFO: task cat:7 is blocked on a mutex likely owned by task dd:8.', // goes with a hung task's report
  'BUG: Bad page state: 12 messages suppressed',
  'BUG: arch topology borken', // some hypervisors' CPU topology, at every boot
  'DEBUG: KASAN is off',
  ' BUG: KASAN: indented, so quoted',
  'traps: cat[7] general protection fault ip:1 sp:2 error:0 in cat[3+4]', // a program's
  'cat[7]: segfault at 0 ip 1 sp 2 error 4 in cat[3+4]',
  'kernel BUG tracker is at bugzilla.kernel.org',
  'Kernel panics are bad',
  'watchdog: iTCO_wdt: cannot register',
  'rcu: INFO: nothing',
  'UBSANITY',
])('%s is none', (text) => {
  expect(heading(text)).toBeUndefined()
})
