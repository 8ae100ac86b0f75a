import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'

const ctrlA = '\x01'
const prompt = /rapido\d+:~# /

describe.concurrent('rapido boot', () => {
  test('gives a shell with job control and the size of the terminal, and exit powers off', async ({ box }) => {
    const terminal = box.terminal(['boot', 'simple'])
    await terminal.expect(/Hello from Linux/)
    await terminal.expect(prompt)
    terminal.type('stty size\r')
    await terminal.expect(/30 100/)
    terminal.resize({ rows: 40, cols: 120 })
    await terminal.expect(prompt)
    terminal.type('sleep 0.5; stty size\r')
    await terminal.expect(/40 120/)
    await terminal.expect(prompt)

    terminal.type('sleep 1000\r')
    // Ctrl-C between bash's fork and its exec is lost: it is for the sleep.
    const runs = 'until ps -e -o args | grep -q "^sleep 1000"; do sleep 0.1; done'
    await box.rapido('exec', '1', '--', 'bash', '-c', runs).outcome()
    terminal.type('\x03') // Ctrl-C is the guest's
    await terminal.expect(prompt)
    terminal.type('echo status $?\r')
    await terminal.expect(/status 130/)
    terminal.type('sleep 1000 &\r')
    await terminal.expect(/\[1\] \d+/)
    terminal.type('jobs; kill %1\r')
    await terminal.expect(/Running +sleep 1000/)
    terminal.type('echo $PWD $HOME $TERM; type -P poweroff\r')
    await terminal.expect(/\/root \/root xterm/)
    await terminal.expect(/\/usr\/sbin\/poweroff/)

    terminal.type('exit\r')
    expect(await terminal.ended).toBe(0)
    await expectNothingLeft(box)
  })

  test("has QEMU's keys: Ctrl-A c is the monitor, Ctrl-A x quits", async ({ box }) => {
    const terminal = box.terminal(['boot', 'simple'])
    await terminal.expect(prompt)
    terminal.type(`${ctrlA}c`)
    await terminal.expect(/\(qemu\)/)
    terminal.type('info status\r')
    await terminal.expect(/VM status: running/)
    terminal.type(`${ctrlA}c`)
    terminal.type('\recho back-$((6 * 7))\r')
    await terminal.expect(/back-42/)
    terminal.type(`${ctrlA}x`)
    expect(await terminal.ended).toBe(0)
    await expectNothingLeft(box)
  })

  test('boots again on reboot, and ends on poweroff', async ({ box }) => {
    const terminal = box.terminal(['boot', 'simple'])
    await terminal.expect(prompt)
    terminal.type('touch /only-once; reboot\r')
    await terminal.expect(/Hello from Linux/)
    await terminal.expect(prompt)
    terminal.type('ls /only-once\r')
    await terminal.expect(/No such file/)
    terminal.type('poweroff\r')
    expect(await terminal.ended).toBe(0)
    await expectNothingLeft(box)
  })

  test('ends with status 4 when the kernel panics under the shell', async ({ box }) => {
    const terminal = box.terminal(['boot', 'simple'])
    await terminal.expect(prompt)
    terminal.type('echo c > /proc/sysrq-trigger\r')
    await terminal.expect(/Kernel panic - not syncing: sysrq triggered crash/)
    expect(await terminal.ended).toBe(4)
    await expectNothingLeft(box)
  })

  test('takes a script on standard input', async ({ box }) => {
    const { status, stdout } = await box.rapido('boot', 'simple').input('echo in-$((6 * 7))\n').outcome()
    expect(stdout).toContain('in-42')
    expect(status).toBe(0)
    await expectNothingLeft(box)
  })

  test('runs -x and -f before the shell, and shows it all the same when they fail', async ({ box }) => {
    box.file('script.sh', 'echo from-script; exit 3\n')
    const terminal = box.terminal(['boot', 'simple', '-x', 'echo from-x', '-f', 'script.sh'])
    await terminal.expect(/from-x[\s\S]*from-script[\s\S]*script.sh failed with status 3/)
    await terminal.expect(prompt)
    terminal.type('exit\r')
    expect(await terminal.ended).toBe(0)
  })
})

describe.concurrent('a detached VM', () => {
  test('has a console to attach to, detach from, and attach to again', async ({ box }) => {
    expect((await box.rapido('boot', 'simple', '--detach').outcome()).stdout).toMatch(/^1$/m)
    const first = box.terminal(['console', '1'])
    first.type('\r')
    await first.expect(prompt)
    first.type('echo one-$((1 + 1))\r')
    await first.expect(/one-2/)
    first.type(`${ctrlA}d`)
    expect(await first.ended).toBe(0)

    const second = box.terminal(['console', '1'], { rows: 33, cols: 111 })
    await second.expect(/one-2/) // what was said last is shown
    second.type('exit\r') // a shell that ends makes room for the next
    await second.expect(/logout\s+rapido1:~# /)
    second.type('stty size\r')
    await second.expect(/33 111/)
    await box.rapido('stop', '1').outcome()
    expect(await second.ended).toBe(0)
    await expectNothingLeft(box)
  })

  test('waits for gdb with --gdb --wait, and its stub answers on a private socket', async ({ box }) => {
    const boot = box.rapido('boot', 'simple', '--detach', '--gdb', '--wait')
    const booting = boot.outcome()
    const monitor = async () => (await box.rapido('monitor', '1', 'info', 'status').outcome()).stdout
    await expect.poll(monitor, { timeout: 30_000, interval: 500 }).toContain('paused')

    box.file('bin/gdb', '#!/bin/sh\nprintf "<%s>" "$@"\n', 0o755)
    const gdb = await box
      .rapido('gdb', '1', '--', '-batch')
      .env({ PATH: `${box.work}/bin:${process.env.PATH}` })
      .outcome()
    const socket = join(box.state, 'vms/1/gdb.sock')
    expect(gdb.stdout).toContain(`<target remote ${socket}>`)
    expect(gdb.stdout).toContain('<-batch>')

    const stub = connect(socket)
    stub.write('+$c#63') // gdb's remote protocol: continue
    expect((await booting).status).toBe(0)
    stub.destroy()
    await box.rapido('stop', '1').outcome()
    await expectNothingLeft(box)
  })
})
