import type { Attempt, AttemptStatus, SuiteResult, TestResult } from '../../../src/report/suite-result.js'

/** An attempt that passed, unless told otherwise. */
export function attempt(status: AttemptStatus = 'pass', more: Partial<Attempt> = {}): Attempt {
  return {
    status,
    reason: status === 'pass' ? '' : `it was a ${status}`,
    output: '',
    startedAt: '2026-11-21T10:45:00.000Z',
    durationMs: 3210,
    vm: 1,
    warnings: [],
    taint: '',
    files: [],
    ...more,
  }
}

/** A test that passed, unless told otherwise. */
export function suiteTest(name: string, more: Partial<TestResult> = {}): TestResult {
  return { name, config: undefined, status: 'pass', reason: '', attempts: [attempt()], ...more }
}

/** A run without tests that passed, unless told otherwise. */
export function suiteRun(more: Partial<SuiteResult> = {}): SuiteResult {
  return {
    suite: 'fstests',
    profile: 'fstests-xfs',
    kernel: '6.17.0-rc1+',
    startedAt: '2026-11-21T10:45:00.123Z',
    durationMs: 2_463_000,
    shard: undefined,
    verdict: { kind: 'pass' },
    exitStatus: 0,
    tests: [],
    machines: [{ vm: 1, consoleLog: 'vms/1.console', end: 'it was powered off' }],
    incidents: [],
    missing: [],
    notes: [],
    folder: '/home/u/results/fstests-xfs-3',
    ...more,
  }
}

const badOutput = attempt('fail', {
  reason: 'output mismatch (see /tmp/<633>.out.bad)',
  output: '--- tests/generic/633.out\n+++ \x1b[31mresults\x1b[0m/633.out.bad\n@@ -1 +1 @@\n-a & b\n+]]>\r\n',
  files: ['tests/generic/633.full', 'tests/generic/633.out.bad', 'tests/generic/633.dmesg'],
})
const crashed = attempt('crash', {
  reason: 'BUG: kernel NULL pointer dereference, address: 0000000000000000',
  output: 'BUG: kernel NULL pointer dereference\n <TASK>\n xfs_f+0x1/0x2\n',
  durationMs: 12_000,
  vm: 2,
  taint: 'D',
  files: ['tests/generic/270.full'],
})
const warning = 'WARNING: CPU: 1 PID: 92 at fs/xfs/xfs_log.c:25 xlog_f+0x97/0x110'

/** Runs for each kind of report. */
export const suiteResults: Record<string, SuiteResult> = {
  'suite-pass': suiteRun({
    shard: '2/4',
    tests: [
      suiteTest('generic/001', { attempts: [attempt('pass', { warnings: [warning, warning], taint: 'W' })] }),
      suiteTest('generic/002', { status: 'notrun', reason: 'needs # 2 \\ disks', attempts: [attempt('notrun')] }),
      suiteTest('generic/003', { status: 'excluded', reason: 'exclude file, line 3', attempts: [] }),
    ],
    incidents: [{ kind: 'warning', title: warning, lines: [warning], consoleLine: 12, fails: false }],
    notes: ['seed 42'],
  }),
  'suite-fail': suiteRun({
    verdict: {
      kind: 'fail',
      reason: '1 test failed, 1 crashed, 1 timed out, 1 unfinished: generic/633, generic/270, …',
    },
    exitStatus: 1,
    tests: [
      suiteTest('generic/001'),
      suiteTest('generic/013', {
        status: 'flaky',
        reason: 'failed 2 of 3: output mismatch (see /tmp/<633>.out.bad)',
        attempts: [badOutput, attempt('timeout', { reason: 'longer than 10 min' }), attempt()],
      }),
      suiteTest('generic/270', { status: 'crash', reason: crashed.reason, attempts: [crashed] }),
      suiteTest('generic/475', {
        status: 'timeout',
        reason: 'longer than 10 min',
        attempts: [attempt('timeout', { reason: 'longer than 10 min', durationMs: 600_000, vm: 3 })],
      }),
      suiteTest('generic/559', { status: 'notrun', reason: 'needs duperemove', attempts: [attempt('notrun')] }),
      suiteTest('generic/560', { status: 'notrun', reason: 'needs duperemove', attempts: [attempt('notrun')] }),
      suiteTest('generic/561', { status: 'notrun', reason: 'no realtime device', attempts: [attempt('notrun')] }),
      suiteTest('generic/600', { status: 'skipped', reason: 'it crashed the guest twice', attempts: [] }),
      suiteTest('generic/601', { status: 'excluded', reason: 'exclude file, line 3', attempts: [] }),
      suiteTest('generic/633', {
        status: 'fail',
        reason: badOutput.reason,
        attempts: [badOutput, attempt('fail', { output: 'once more\n' })],
      }),
      suiteTest('generic/700', { status: 'unfinished', reason: 'the run ended before it', attempts: [] }),
    ],
    machines: [
      { vm: 1, consoleLog: 'vms/1.console', end: 'it was powered off' },
      { vm: 2, consoleLog: 'vms/2.console', end: 'the kernel panicked' },
      { vm: 3, consoleLog: 'vms/3.console', end: 'it was killed' },
    ],
    missing: [
      { program: 'duperemove', tests: ['generic/559', 'generic/560'], provider: 'apt-get install duperemove' },
      { program: 'nfs4_setfacl', tests: ['generic/1', 'generic/2', 'generic/3', 'generic/4'], provider: '' },
    ],
  }),
  'suite-configs': suiteRun({
    suite: 'kselftest',
    profile: 'kselftest',
    verdict: { kind: 'crash', reason: 'INFO: task kworker hung, outside of any test; 1 test failed: …' },
    exitStatus: 4,
    tests: [
      suiteTest('net:tls', {
        config: 'x86_64',
        status: 'fail',
        reason: '2 of 4 points failed',
        attempts: [
          attempt('fail', {
            reason: '2 of 4 points failed',
            output: '# FAIL\n',
            subtests: [
              { name: 'tls/recv #1', status: 'pass', reason: '' },
              { name: 'tls/send', status: 'fail', reason: 'Expected 1 == 0' },
              { name: 'tls/splice', status: 'fail', reason: '' },
              { name: 'tls/zc', status: 'skip', reason: 'no device' },
              { name: 'tls/later', status: 'todo', reason: 'not yet' },
            ],
          }),
        ],
      }),
      suiteTest('net:tls', {
        config: 'i386',
        attempts: [attempt('pass', { subtests: [{ name: '[[ATTACHMENT|/etc/passwd]]', status: 'pass', reason: '' }] })],
      }),
    ],
    incidents: [
      { kind: 'hung-task', title: 'INFO: task kworker hung', lines: ['Call Trace:'], consoleLine: 77, fails: true },
    ],
  }),
  'suite-interrupted': suiteRun({
    verdict: { kind: 'interrupted', reason: 'interrupted by SIGINT' },
    exitStatus: 130,
    tests: [
      suiteTest('generic/001'),
      suiteTest('generic/002', { status: 'unfinished', reason: 'the run ended before it', attempts: [] }),
    ],
  }),
  'suite-host': suiteRun({
    verdict: { kind: 'host', reason: 'no space left on device\nmake room: 3 GiB in /tmp # or less' },
    exitStatus: 3,
    durationMs: 4,
    machines: [],
  }),
}
