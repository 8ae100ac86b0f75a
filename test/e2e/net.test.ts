import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { boot, type Vm } from '../../dist/index.js'
import type { VmInfo } from '../../dist/runs/vm-info.js'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { listener, retrying } from '../helpers/one-connection.js'
import { processesOf } from '../helpers/processes.js'
import type { Sandbox } from '../helpers/sandbox.js'

// A private network: VMs, the host and other programs on a bridge that nobody else sees.

describe.concurrent('on a private network', () => {
  test('VMs and the host reach each other by name, over IPv4 and IPv6, and 100 MiB arrive whole', {
    timeout: 240_000,
  }, async ({ box }) => {
    const before = await linksOfHost(box)
    const [one, two] = await Promise.all([boot('simple-net', box.options()), boot('simple-net', box.options())])
    const third = await box.rapido('boot', 'simple-net', '--detach').outcome() // from another terminal
    expect(third).toMatchObject({ status: 0, stdout: '3\n' })
    const all = 'for name in host rapido1 rapido2 rapido3; do for family in -4 -6; do'
    const pings = `${all} ping -q $family -c 1 -W 5 $name || exit 1; done; done`
    await Promise.all([one.succeed(pings), two.succeed(pings)])
    expect(await box.rapido('exec', '3', '--', 'sh', '-c', pings).outcome()).toMatchObject({ status: 0 })
    expect(await box.rapido('net', 'exec', '--', 'ping', '-c', '1', '192.168.155.103').outcome()).toMatchObject({
      status: 0,
    })
    await sendOverTcp(one, two)
    const [vm1, vm2] = (await vmsOf(box)).sort((a, b) => a.number - b.number)
    expect(vm1).toMatchObject({ network: 'private', addresses: ['192.168.155.101', 'fd72:6170:6964:6f::101'] })
    expect(vm2).toMatchObject({ addresses: ['192.168.155.102', 'fd72:6170:6964:6f::102'] })

    await Promise.all([one.stop(), two.stop()])
    expect((await box.rapido('exec', '3', '--', 'ping', '-c', '1', 'host').outcome()).status).toBe(0)
    await box.rapido('stop', '3').outcome()
    await expectNothingLeft(box, { withinMs: 3000 })
    expect(await linksOfHost(box)).toEqual(before)
  })

  test('whoever is killed, the others go on, the next one joins them, and nothing is left in the end', async ({
    box,
  }) => {
    const elsewhere = { LC_ALL: 'xx_YY.UTF-8' } // a locale that this host has not, as ssh brings it
    const first = box.rapido('boot', 'simple-net', '--detach').env(elsewhere).outcome()
    const second = box.rapido('boot', 'simple-net', '--detach').env(elsewhere).outcome()
    for (const booted of [await first, await second]) expect(booted, booted.stderr).toMatchObject({ status: 0 })
    const ping = (from: string, to: string) =>
      box.rapido('exec', from, '--', 'ping', '-c', '1', '-W', '5', to).outcome()

    kill(box, 'keep-network.sh')
    expect(await ping('1', 'rapido2')).toMatchObject({ status: 0 })
    expect(await box.rapido('boot', 'simple-net', '--detach').outcome()).toMatchObject({ status: 0, stdout: '3\n' })
    expect(await ping('3', 'rapido1')).toMatchObject({ status: 0 })

    const vms = await vmsOf(box)
    const of = (number: number) => vms.find((vm) => vm.number === number)
    process.kill(of(1)?.pid ?? 0, 'SIGKILL') // its supervisor
    expect(await ping('3', 'rapido2')).toMatchObject({ status: 0 })
    process.kill(of(2)?.qemuPid ?? 0, 'SIGKILL')
    expect(await ping('3', 'host')).toMatchObject({ status: 0 })
    expect((await vmsOf(box)).map(({ number }) => number)).toEqual([3])
    // Who holds the folder of the last one is its membership, too: with it, all of it goes.
    kill(box, `hold.sh ${join(box.state, 'vms/3')}`)
    await expectNothingLeft(box, { withinMs: 5000 })
  })
})

async function vmsOf(box: Sandbox): Promise<VmInfo[]> {
  return JSON.parse((await box.rapido('ps', '--json').outcome()).stdout)
}

/** What the host's own network has, with no namespace of a name: a private network changes neither. */
async function linksOfHost(box: Sandbox): Promise<string> {
  return (await box.command(['sh', '-c', 'ip -brief link; ip -brief address; ip netns']).outcome()).stdout
}

function kill(box: Sandbox, what: string): void {
  const found = processesOf(box.folder).filter(({ commandLine }) => commandLine.includes(what))
  expect(found).toHaveLength(1)
  for (const { pid } of found) process.kill(pid, 'SIGKILL')
}

const size = 100 * 1024 * 1024

async function sendOverTcp(from: Vm, to: Vm): Promise<void> {
  const keep = 'open(F, ">/tmp/got"); while (read($c, $_, 65536)) { print F } close F'
  const received = to.exec(['perl', '-e', listener(keep)], { timeoutMs: 60_000 })
  received.catch(() => {}) // seen below, unless we fail before
  const file = '/tmp/sent'
  await from.succeed(`head -c 1M /dev/urandom >/tmp/mib; for i in $(seq 100); do cat /tmp/mib; done >${file}`)
  await from.succeed(retrying(`exec 3<>/dev/tcp/rapido${to.number}/5000`, `cat ${file} >&3`), { timeoutMs: 60_000 })
  expect(await received).toMatchObject({ status: 0 })
  const [sent, got] = await Promise.all([from.succeed(`md5sum <${file}`), to.succeed('md5sum </tmp/got')])
  expect(await to.succeed('stat -c %s /tmp/got')).toBe(`${size}\n`)
  expect(got).toBe(sent)
}
