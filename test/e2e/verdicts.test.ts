import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { VmInfo } from '../../dist/runs/vm-info.js'
import type { CliRun } from '../helpers/cli-run.js'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import type { Sandbox } from '../helpers/sandbox.js'

// What `rapido run` says of a guest, whatever the guest does. The limits leave room for a machine that is busy.

describe.concurrent('a guest whose commands', () => {
  test('succeed passes', async ({ box }) => {
    box.file('tests/script', '#!/usr/bin/perl\nprint "perl $0\\n"\n')
    const commands = ['echo to stdout; echo to stderr >&2', 'echo "vm $RAPIDO_VM is $(uname -n)"']
    const run = await judge(box, [...commands.flatMap((command) => ['-x', command]), '-f', 'tests/script'])
    expect(run).toMatchObject({ status: 0, stderr: expect.stringContaining('to stderr\n') })
    expect(run.stdout).toMatch(/^Hello from Linux \S+\nto stdout\nvm 1 is rapido1\nperl \/run\/rapido\/script\n$/)
    expect(run.result).toMatchObject({ verdict: { kind: 'pass', reason: null }, exitStatus: 0, vm: 1, incidents: [] })
    const names = ['boot', 'boot.sh', ...commands, 'tests/script']
    expect(stepsOf(run)).toEqual(names.map((name) => [name, 0]))
    expect(run.junit).toContain('tests="5" failures="0" errors="0"')
  })

  test('fail fails with the status of the first, after which none runs', async ({ box }) => {
    const run = await judge(box, ['-x', 'exit 7', '-x', 'echo never'])
    expect(run).toMatchObject({ status: 1, stdout: expect.not.stringContaining('never') })
    expect(run.stderr).toMatch(/^fail {2}simple on .*\n {2}exit 7: exit status 7\n/m)
    expect(run.result.verdict).toEqual({ kind: 'fail', reason: 'exit 7: exit status 7' })
    expect(stepsOf(run).at(-1)).toEqual(['exit 7', 7])
    expect(run.junit).toContain('tests="3" failures="1" errors="0"')
  })

  test('loop for ever times out', async ({ box }) => {
    const run = await judge(box, ['-x', 'while sleep 0.2; do echo on and on; done', '--timeout', '40s'])
    expect(run).toMatchObject({ status: 5, stdout: expect.stringContaining('on and on\non and on\n') })
    expect(run.result.verdict).toMatchObject({ kind: 'timeout', reason: expect.stringContaining('longer than 40s') })
    expect(stepsOf(run).at(-1)).toEqual([expect.stringContaining('while'), null])
    expect(run.junit).toContain('errors="1"')
    expect(run.durationMs).toBeLessThan(48_000)
    expect(run.stderr).toContain('where each of its tasks is stands at the end of its console log')
    expect(readFileSync(run.result.consoleLog ?? '', 'utf8')).toMatch(/sysrq: Show State[\s\S]*task:init/)
    expect(run.result.incidents).toEqual([])
  })

  test('say nothing for too long times out', async ({ box }) => {
    const run = await judge(box, ['-x', 'sleep 1000', '--set', 'run.silence=3s'])
    expect(run.status).toBe(5)
    expect(run.result.verdict).toMatchObject({ kind: 'timeout', reason: expect.stringContaining('no sign of life') })
    expect(run.stderr).toContain(`console log: ${run.result.consoleLog}`)
    const step = run.result.steps.at(-1)
    expect(step).toMatchObject({ name: 'sleep 1000', status: null })
    expect(step?.durationMs).toBeGreaterThan(3000)
    expect(step?.durationMs).toBeLessThan(8000)
  })

  test('flood the console answers all the same, and every line is in the log', async ({ box }) => {
    const kernel = 'for ((n = 1; n <= 20; n++)); do echo "<4>in between" >/dev/kmsg; sleep 0.1; done &'
    const flood = `seq -f "flood %.0f" 1 20000 >/dev/console & ${kernel} seq 1 100000; wait`
    const run = await judge(box, ['-x', flood])
    expect(run.status).toBe(0)
    expect(run.stdout.replace(/^Hello.*\n/, '')).toBe(numbers(100_000, ''))
    // What the kernel says comes wherever the console is, in the middle of a line too.
    const ownWords = run.consoleLog.replace(/\[ *\d+\.\d{6}\] [^\n]*\n/g, '')
    const lines = ownWords.split(/\r*\n/).filter((line) => line.startsWith('flood'))
    expect(lines.join('\n')).toBe(numbers(20_000, 'flood ').trimEnd())
  })
})

test('a guest that misjudges its TSC keeps time all the same', async ({ box }) => {
  const wait = 'end=$((SECONDS + 5)); while ((SECONDS < end)); do :; done'
  const run = await judge(box, ['-x', wait, '--set', 'kernel.params=["tsc_early_khz=200000"]'])
  expect(run.status).toBe(0)
  const step = run.result.steps.at(-1)
  expect(step?.durationMs).toBeGreaterThan(3900) // SECONDS are whole ones
  expect(step?.durationMs).toBeLessThan(10_000)
})

test('a guest whose boot.sh fails fails, and no command runs', async ({ box }) => {
  box.profile('broken', { bootScript: 'echo "no such disk" >&2; false || die "cannot go on"' })
  const run = await judge(box, ['-x', 'echo never'], { profile: 'broken' })
  expect(run).toMatchObject({ status: 1, stdout: '' })
  expect(run.stderr).toMatch(/^no such disk\nboot\.sh: cannot go on\n/m)
  expect(run.result.verdict).toEqual({ kind: 'fail', reason: 'boot.sh: exit status 1' })
  expect(stepsOf(run)).toEqual([
    ['boot', 0],
    ['boot.sh', 1],
  ])
})

describe.concurrent('a kernel that', () => {
  test('panics is a crash, told with its report and where the log is', async ({ box }) => {
    const run = await judge(box, ['-x', 'echo c >/proc/sysrq-trigger'])
    expect(run.status).toBe(4)
    expect(run.result.verdict).toMatchObject({
      kind: 'crash',
      reason: expect.stringContaining('sysrq triggered crash'),
    })
    expect(run.result.incidents).toMatchObject([{ kind: 'panic', fails: true }])
    expect(run.stderr).toMatch(/^crash {2}simple on .*\n {2}Kernel panic - not syncing: sysrq triggered crash\n/m)
    expect(run.stderr).toMatch(/^ {4}Call Trace:\n/m)
    const [, log = '', line] = /console log: (\S+), line (\d+)/.exec(run.stderr) ?? []
    expect(readFileSync(log, 'utf8').split('\n')[Number(line) - 1]).toContain('Kernel panic')
    expect(run.junit).toContain('errors="1"')
    const { durationMs = 0 } = run.result.steps.at(-1) ?? {}
    expect(durationMs).toBeLessThan(5000)
  })

  // No kernel of a distribution can be made to oops without panicking: its words come from a real one.
  test('oopses and goes on is a crash soon after', async ({ box }) => {
    box.file('oops', tellKernel('oops-null.log'))
    const run = await judge(box, ['--set', 'kernel.params=["printk.devkmsg=on"]', '-f', 'oops'])
    expect(run.status).toBe(4)
    expect(run.result.incidents).toMatchObject([{ kind: 'oops', fails: true }])
    expect(run.result.verdict).toMatchObject({ reason: expect.stringContaining('NULL pointer dereference') })
    expect(run.stderr).toContain('RIP: 0010:provoke_deref')
    expect(run.result.steps.at(-1)?.durationMs).toBeLessThan(8000)
  })

  test('warns is told and passes', async ({ box }) => {
    const run = await judge(box, ['-x', `echo '${warning}' >/dev/kmsg`])
    expect(run).toMatchObject({ status: 0, stderr: expect.stringContaining('WARNING: CPU: 0 PID: 1 at mm/slub.c') })
    expect(run.result).toMatchObject({ verdict: { kind: 'pass' }, incidents: [{ kind: 'warning', fails: false }] })
  })

  test('warns fails where run.fail_on says so', async ({ box }) => {
    const run = await judge(box, ['-x', `echo '${warning}' >/dev/kmsg`, '--set', 'run.fail_on=["panic", "warning"]'])
    expect(run.status).toBe(4)
    expect(run.result).toMatchObject({ verdict: { kind: 'crash' }, incidents: [{ kind: 'warning', fails: true }] })
  })

  test('finds no init panics, which is told', async ({ box }) => {
    const run = await judge(box, ['--set', 'kernel.params=["rdinit=/nonexistent"]'])
    expect(run.status).toBe(4)
    expect(run.result.verdict).toMatchObject({ kind: 'crash', reason: expect.stringMatching(/VFS|No working init/) })
    expect(run.result.incidents).toMatchObject([{ kind: 'panic' }])
  })
})

describe.concurrent('a guest that', () => {
  test('kills its own agent fails within seconds, and says why', async ({ box }) => {
    const run = await judge(box, ['-x', 'kill -9 "$(</run/rapido.agent)"; sleep 1000'])
    expect(run.status).toBe(1)
    expect(run.result.verdict).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/agent (is dead|has died)/),
    })
    expect(run.result.steps.at(-1)?.durationMs).toBeLessThan(5000)
  })

  test('powers off in the middle of a command fails', async ({ box }) => {
    const run = await judge(box, ['-x', 'poweroff; echo never'])
    expect(run).toMatchObject({ status: 1, stdout: expect.not.stringContaining('never') })
    expect(run.result.verdict).toMatchObject({ kind: 'fail', reason: expect.stringContaining('powered off') })
  })

  test('reboots in the middle of a command fails', async ({ box }) => {
    const run = await judge(box, ['-x', 'reboot; echo never'])
    expect(run).toMatchObject({ status: 1, stdout: expect.not.stringContaining('never') })
    expect(run.result.verdict).toMatchObject({ kind: 'fail', reason: expect.stringContaining('rebooted') })
  })

  test('has another init, mounts no /proc and never answers times out', async ({ box }) => {
    const settings = ['--set', 'kernel.params=["rdinit=/bin/bash"]', '--set', 'run.boot_timeout=12s']
    const run = await judge(box, settings)
    expect(run.status).toBe(5)
    const reason =
      /^vm1: no answer from the guest within 12s(, besides \d+s without a CPU of this host)?; all CPUs idle; last console line: .+\n.*run\.boot_timeout/
    expect(run.result.verdict).toMatchObject({ kind: 'timeout', reason: expect.stringMatching(reason) })
    expect(run.stderr).toContain('and at its end where each task is')
    expect(readFileSync(run.result.consoleLog ?? '', 'utf8')).toMatch(/sysrq: Show State[\s\S]*task:bash/)
  })

  test('is killed from outside could not be run here', async ({ box }) => {
    const running = unattended(box, ['-x', 'echo up; sleep 1000'])
    await running.saying(/^up$/m)
    const [vm] = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout) as VmInfo[]
    process.kill(vm?.qemuPid ?? 0, 'SIGKILL')
    const run = await judged(box, running)
    expect(run.status).toBe(3)
    expect(run.result.verdict).toMatchObject({ kind: 'host', reason: expect.stringContaining('killed by signal 9') })
  })
})

describe.concurrent('a run that is interrupted', () => {
  test.for(['SIGINT', 'SIGTERM'] as const)('by %s says so within seconds', async (signal, { box }) => {
    const running = unattended(box, ['-x', 'echo up; sleep 1000'])
    await running.saying(/^up$/m)
    const since = performance.now()
    running.kill(signal)
    const run = await judged(box, running)
    expect(performance.now() - since).toBeLessThan(5000)
    expect(run).toMatchObject({ status: 130, stderr: expect.stringContaining(`interrupted by ${signal}`) })
    expect(run.result.verdict.kind).toBe('interrupted')
  })

  test('while it boots says so within seconds', async ({ box }) => {
    const running = unattended(box, ['--cold'])
    await running.saying(/booting/)
    running.kill('SIGINT')
    const run = await judged(box, running)
    expect(run.status).toBe(130)
    expect(run.result.steps).toEqual([])
  })

  test('twice ends at once, even with a QEMU that hangs', async ({ box }) => {
    const running = unattended(box, ['-x', 'echo up; sleep 1000'])
    await running.saying(/^up$/m)
    const [vm] = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout) as VmInfo[]
    process.kill(vm?.qemuPid ?? 0, 'SIGSTOP')
    running.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const since = performance.now()
    running.kill('SIGINT')
    expect(await running.outcome()).toMatchObject({ status: 130 })
    expect(performance.now() - since).toBeLessThan(1000)
    await expectNothingLeft(box, { withinMs: 3000 })
  })
})

const warning = 'WARNING: CPU: 0 PID: 1 at mm/slub.c:4711 kfree+0x12/0x34'

type Reports = ReturnType<typeof reports>

/** `rapido run PROFILE ARGS…` to its end, with its reports. */
function judge(box: Sandbox, args: string[], { profile = 'simple' } = {}) {
  return judged(box, unattended(box, args, profile))
}

function unattended(box: Sandbox, args: string[], profile = 'simple'): CliRun {
  return box.rapido('run', profile, ...args, '--json', 'out/result.json', '--junit', 'out/result.xml')
}

async function judged(box: Sandbox, run: CliRun) {
  const outcome = await run.outcome()
  return { ...outcome, ...reports(box, outcome.stderr) }
}

function reports(box: Sandbox, stderr: string) {
  const read = (name: string) => readFileSync(join(box.work, 'out', name), 'utf8')
  let result: {
    verdict: { kind: string; reason: string | null }
    exitStatus: number
    vm: number | null
    steps: { name: string; status: number | null; durationMs: number; stdout: string | null }[]
    incidents: { kind: string; title: string; fails: boolean }[]
    consoleLog: string
  }
  try {
    result = JSON.parse(read('result.json'))
  } catch (cause) {
    throw new Error(`no report; rapido said:\n${stderr}`, { cause })
  }
  return { result, junit: read('result.xml'), consoleLog: readFileSync(result.consoleLog, 'utf8') }
}

function stepsOf({ result }: Reports) {
  return result.steps.map(({ name, status }) => [name, status])
}

/** A script that has the guest's kernel say what another one said as it oopsed, and then hangs. */
function tellKernel(log: string): string {
  const lines = readFileSync(join(packageFolder, 'test/fixtures/console', log), 'latin1').split('\r\n')
  const messages = lines.map((line) => line.replace(/^\[ *\d+\.\d+\] /, ''))
  const report = messages.slice(messages.findIndex((message) => message.startsWith('BUG: ')))
  const end = report.findIndex((message) => message.startsWith('---[ end trace')) + 1
  return `while IFS= read -r line; do echo "$line" >/dev/kmsg; done <<'END'\n${report.slice(0, end).join('\n')}\nEND\nsleep 1000\n`
}

function numbers(count: number, prefix: string): string {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}\n`).join('')
}
