import type { RunResult, StepResult } from '../../../src/report/result.js'

const boot: StepResult = { name: 'boot', status: 0, durationMs: 2345 }
const run = {
  profile: 'cephfs',
  kernel: '6.17.0-rc1+',
  vm: 3,
  startedAt: '2026-11-21T10:45:00.123Z',
  durationMs: 12_345,
  incidents: [],
  consoleLog: '/run/user/1000/rapido/vm3/console.log',
  machines: [
    {
      role: undefined,
      profile: 'cephfs',
      kernel: '6.17.0-rc1+',
      vm: 3,
      consoleLog: '/run/user/1000/rapido/vm3/console.log',
    },
  ],
}
const warning = {
  kind: 'warning',
  title: 'WARNING: CPU: 1 PID: 92 at lib/refcount.c:25 refcount_warn_saturate+0x97/0x110',
  lines: ['refcount_t: addition on 0; use-after-free.', 'WARNING: CPU: 1 PID: 92 at lib/refcount.c:25'],
  consoleLine: 301,
  fails: false,
}
const oops = {
  kind: 'oops',
  title: 'BUG: kernel NULL pointer dereference, address: 0000000000000000',
  lines: [
    'BUG: kernel NULL pointer dereference, address: 0000000000000000',
    '#PF: supervisor read access in kernel mode',
    'Call Trace:',
    ' <TASK>',
    ...Array.from({ length: 30 }, (_, n) => ` ceph_fn${n} (fs/ceph/file.c:${n})`),
  ],
  consoleLine: 349,
  fails: true,
}
const panic = {
  kind: 'panic',
  title: 'Kernel panic - not syncing: Fatal exception',
  lines: ['Kernel panic - not syncing: Fatal exception'],
  consoleLine: 409,
  fails: true,
}

/** A finished run for every verdict, as the reports are given them. */
export const results: Record<string, RunResult> = {
  pass: {
    ...run,
    verdict: { kind: 'pass' },
    exitStatus: 0,
    steps: [boot, { name: 'boot.sh', status: 0, durationMs: 310 }, { name: 'true', status: 0, durationMs: 12 }],
    incidents: [warning],
  },
  fail: {
    ...run,
    verdict: { kind: 'fail', reason: "grep -c '<&\"' /etc/fstab: exit status 1" },
    exitStatus: 1,
    steps: [
      boot,
      {
        name: "grep -c '<&\"' /etc/fstab",
        status: 1,
        durationMs: 40,
        stdout: '0\n',
        stderr: '\x1b[31mgrep\x1b[0m: a\x00b ]]> \ud800 € 😀\r\nwhere?\n',
      },
    ],
  },
  crash: {
    ...run,
    verdict: { kind: 'crash', reason: oops.title },
    exitStatus: 4,
    steps: [
      boot,
      { name: 'boot.sh', status: 0, durationMs: 310 },
      { name: 'dd\n  if=x', status: undefined, durationMs: 900 },
    ],
    incidents: [warning, oops, panic],
  },
  'crash-after-all-steps': {
    ...run,
    verdict: { kind: 'crash', reason: oops.title },
    exitStatus: 4,
    steps: [boot, { name: 'false', status: 1, durationMs: 10 }, { name: 'false', status: 1, durationMs: 10 }],
    incidents: [oops],
  },
  timeout: {
    ...run,
    verdict: { kind: 'timeout', reason: 'the run took longer than 10 s\nlast line of the console: login:' },
    exitStatus: 5,
    steps: [boot, { name: 'sleep 1000', status: undefined, durationMs: 9000 }],
  },
  interrupted: {
    ...run,
    verdict: { kind: 'interrupted', reason: 'interrupted by SIGINT' },
    exitStatus: 130,
    steps: [boot],
  },
  host: {
    ...run,
    vm: undefined,
    consoleLog: undefined,
    machines: [],
    verdict: { kind: 'host', reason: 'no qemu-system-x86_64 in PATH\ninstall it: apt-get install qemu-system-x86' },
    exitStatus: 3,
    durationMs: 4,
    steps: [],
  },
}
