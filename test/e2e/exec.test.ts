import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../dist/index.js'
import type { VmInfo } from '../../dist/runs/vm-info.js'
import type { CliRun } from '../helpers/cli-run.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { Sandbox } from '../helpers/sandbox.js'
import { expectNowhere } from '../helpers/secret.js'

// One VM in the background, and all that one may do with it from outside.

const secret = randomBytes(12).toString('hex')
let box: Sandbox
let vm: VmInfo

beforeAll(async () => {
  box = new Sandbox()
  box.file('share/from-host', 'of the host\n')
  box.file('token', secret, 0o600)
  box.file('rapido.toml', '[share]\npath = "share"\n[secrets]\ntoken = { file = "token" }\n')
  const booted = await box.rapido('boot', 'simple', '--detach').outcome()
  expect(booted).toMatchObject({ status: 0, stdout: '1\n', stderr: expect.stringContaining('vm1 is ready') })
  vm = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout)[0]
})

afterAll(async () => {
  if (vm === undefined) console.error(box.describe()) // it did not boot
  try {
    await box.rapido('stop', '--all').outcome()
    await expectNothingLeft(box)
  } finally {
    box.remove()
  }
})

describe('a command in a VM', () => {
  test('has its output apart, its status, its place and its environment', async () => {
    const line = 'echo "out $A"; pwd; echo err >&2; exit 5'
    const run = await box.rapido('exec', '1', '--cwd', '/tmp', '--env', 'A=b c', '--', 'bash', '-c', line).outcome()
    expect(run).toMatchObject({ status: 5, stdout: 'out b c\n/tmp\n', stderr: 'err\n' })
  })

  test('that a signal ends has 128 and the signal for a status', async () => {
    expect(await guest('kill -9 $$').outcome()).toMatchObject({ status: 137 })
  })

  test('that is not there has status 127, as with a shell', async () => {
    const run = await box.rapido('exec', '1', '--', 'no-such-program').outcome()
    expect(run).toMatchObject({ status: 127, stderr: expect.stringContaining('no-such-program') })
  })

  test('gets standard input, and every byte comes through both ways', async () => {
    const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), randomBytes(1_000_000)])
    const run = await box.rapido('exec', '1', '--', 'cat').input(bytes).outcome()
    expect(run.status).toBe(0)
    expect(run.stdoutBytes.equals(bytes)).toBe(true)
  })

  test('may be one of twenty at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `number ${index + 1}`)
    const runs = await Promise.all(
      names.map((name) => guest('sleep 1; cat; echo to stderr >&2; exit 3').input(name).outcome()),
    )
    expect(runs.map(({ stdout }) => stdout)).toEqual(names)
    expect(runs.map(({ status, stderr }) => [status, stderr])).toEqual(names.map(() => [3, 'to stderr\n']))
  })

  test('brings out 100 MiB whole', async () => {
    const run = await guest('seq 1 20000000 | head -c 104857600').outcome()
    const expected = execFileSync('bash', ['-c', 'seq 1 20000000 | head -c 104857600 | sha256sum'], {
      encoding: 'utf8',
    })
    expect(run.stdoutBytes.length).toBe(104_857_600)
    expect(sha256(run.stdoutBytes)).toBe(expected.slice(0, 64))
  })

  test('whose reader sleeps holds up no other, and ends when its reader goes', async () => {
    const slow = box.rapido('exec', '1', '--', 'yes', 'nobody reads this')
    await slow.saying(/nobody reads this/)
    slow.stopReading()
    await new Promise((resolve) => setTimeout(resolve, 500))
    const other = await guest('seq 1 200000').outcome()
    expect(other.stdout.length).toBe(1_288_895)
    expect(other.durationMs).toBeLessThan(5000)
    slow.kill('SIGKILL')
    await guest('for i in {1..50}; do pgrep -x yes >/dev/null || exit 0; sleep 0.1; done; exit 1').outcome()
    expect(await guest('pgrep -x yes').outcome()).toMatchObject({ status: 1 })
  })

  test('is undisturbed by a guest that floods its console', async () => {
    await guest(
      'setsid yes "the console is full of this" >/dev/console 2>&1 </dev/null & echo $! >/tmp/flood',
    ).outcome()
    const bytes = randomBytes(300_000)
    const runs = await Promise.all([guest('seq 1 100000').outcome(), guest('cat').input(bytes).outcome()])
    await guest('kill -9 -$(</tmp/flood)').outcome()
    expect(sha256(runs[0].stdoutBytes)).toBe(sha256(Buffer.from(numbers(100_000))))
    expect(runs[1].stdoutBytes.equals(bytes)).toBe(true)
    expect(readFileSync(vm.consoleLog, 'utf8')).toContain('the console is full of this')
  })

  test('that is interrupted here is interrupted there', async () => {
    const running = guest('trap "echo caught; exit 9" INT; echo up; while :; do sleep 0.1; done')
    await running.saying(/^up$/m)
    running.kill('SIGINT')
    expect(await running.outcome()).toMatchObject({ status: 9, stdout: 'up\ncaught\n' })
  })
})

describe('cp', () => {
  test('takes a folder in and out again, with modes and links', async () => {
    const folder = join(box.work, 'tree')
    mkdirSync(join(folder, 'below'), { recursive: true })
    writeFileSync(join(folder, 'below/data'), randomBytes(200_000), { mode: 0o600 })
    writeFileSync(join(folder, 'run'), '#!/bin/sh\n', { mode: 0o755 })
    chmodSync(join(folder, 'run'), 0o755)
    symlinkSync('run', join(folder, 'link'))

    expect(await box.rapido('cp', 'tree', '1:/tmp/copied').outcome()).toMatchObject({ status: 0, stderr: '' })
    expect(
      (await guest('cd /tmp/copied && stat -c "%n %a %F" run below below/data && readlink link').outcome()).stdout,
    ).toBe('run 755 regular file\nbelow 755 directory\nbelow/data 600 regular file\nrun\n')
    mkdirSync(join(box.work, 'back'))
    expect(await box.rapido('cp', 'vm1:/tmp/copied', 'back').outcome()).toMatchObject({ status: 0, stderr: '' })
    execFileSync('diff', ['-r', '--no-dereference', folder, join(box.work, 'back/copied')])
    expect(statSync(join(box.work, 'back/copied/below/data')).mode & 0o777).toBe(0o600)
  })

  test('gives one file the name it is told', async () => {
    box.file('one', 'content\n', 0o640)
    expect(await box.rapido('cp', 'one', '1:/tmp/deep/er/two').outcome()).toMatchObject({ status: 0 })
    expect((await guest('stat -c %a /tmp/deep/er/two; cat /tmp/deep/er/two').outcome()).stdout).toBe('640\ncontent\n')
    expect(await box.rapido('cp', '1:/tmp/deep/er/two', 'three').outcome()).toMatchObject({ status: 0 })
    expect(readFileSync(join(box.work, 'three'), 'utf8')).toBe('content\n')
  })

  test.each([
    [['nothing-here', '1:/tmp'], 2, /no such file or folder: \S+\/nothing-here/],
    [['1:/nothing-here', '.'], 1, /cp with vm1 failed: .*nothing-here/],
    [['one', 'two'], 2, /one of the two must be in a guest/],
    [['one', '7:/tmp'], 2, /no VM "7" runs here/],
  ])('refuses %j', async (args, status, message) => {
    const run = await box.rapido('cp', ...args).outcome()
    expect(run).toMatchObject({ status, stderr: expect.stringMatching(message) })
  })
})

test('ps lists the VM, for people and for scripts', async () => {
  const table = (await box.rapido('ps').outcome()).stdout
  expect(table).toMatch(
    /^VM +PROFILE +KERNEL +STATE +UP +PID +ADDRESS +CONSOLE\n1 +simple +\S+ +ready +.* +\d+ +\S+\.log\n$/,
  )
  expect(vm).toMatchObject({ number: 1, state: 'ready', profile: 'simple', kernel: expect.stringMatching(/^\d/) })
  expect(readFileSync(`/proc/${vm.qemuPid}/cmdline`, 'utf8')).toContain('rapido1')
  expect(readFileSync(`/proc/${vm.pid}/cmdline`, 'utf8')).toContain('supervise')
})

test("monitor asks QEMU's monitor", async () => {
  expect(await box.rapido('monitor', '1', 'info', 'status').outcome()).toMatchObject({
    status: 0,
    stdout: 'VM status: running\r\n',
  })
  const several = await box.rapido('monitor', '1').input('info name\nno such command\n').outcome()
  expect(several).toMatchObject({ status: 0, stdout: expect.stringMatching(/rapido1\s+unknown command/) })
})

test('the folder of share.path is at /host, to read and to write', async () => {
  const run = await guest('cat /host/from-host; echo of the guest >/host/from-guest').outcome()
  expect(run).toMatchObject({ status: 0, stdout: 'of the host\n', stderr: '' })
  expect(readFileSync(join(box.work, 'share/from-guest'), 'utf8')).toBe('of the guest\n')
})

test('a VM of the library runs beside it, and share.readonly lets it only read', async () => {
  await using other = await boot(
    'simple',
    box.options({ 'share.path': join(box.work, 'share'), 'share.readonly': true }),
  )
  expect(other.number).toBe(2)
  expect(await other.succeed('cat /host/from-host')).toBe('of the host\n')
  expect(await other.exec('echo no >/host/from-host')).toMatchObject({ status: 1, stderr: /Read-only/ })
  expect(readFileSync(join(box.work, 'share/from-host'), 'utf8')).toBe('of the host\n')
})

test('a secret is in its file in the guest, and nowhere else', async () => {
  const run = await guest('cat "$RAPIDO_SECRETS/token"; stat -c " %a %U %n" "$RAPIDO_SECRETS"/*').outcome()
  expect(run.stdout).toBe(`${secret} 600 root /run/rapido/secrets/token\n`)
  expect(await guest('env; dmesg; cat /proc/cmdline').outcome()).toMatchObject({ stdout: not(secret) })
  expectNowhere(secret, { box, vm })
})

test('stop ends it, and then there is nothing to run a command in', async () => {
  expect(await box.rapido('stop', '1').outcome()).toMatchObject({ status: 0 })
  await expectNothingLeft(box)
  for (const args of [
    ['exec', '1', '--', 'true'],
    ['monitor', '1', 'info', 'status'],
    ['console', '1'],
    ['stop', '1'],
  ]) {
    const run = await box.rapido(...args).outcome()
    expect(run).toMatchObject({
      status: 2,
      stderr: 'rapido: no VM "1" runs here\n  none does: start one with `rapido boot PROFILE`\n',
    })
  }
})

/** A shell line in the guest. */
function guest(line: string): CliRun {
  return box.rapido('exec', '1', '--', 'bash', '-c', line)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function numbers(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')
}

function not(text: string) {
  return expect.not.stringContaining(text)
}
