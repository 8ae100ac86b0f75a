import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import type { HostNetworkState } from '../../dist/network/host-state.js'
import type { CliRun, Outcome } from '../helpers/cli-run.js'
import { testOfSeveral as base } from '../helpers/e2e-test.js'
import { OwnNetwork } from '../helpers/own-network.js'
import { isRunning } from '../helpers/processes.js'
import { until } from '../helpers/until.js'

// The bridge on the host's own network: for real, in a network namespace that is the host here.

const test = base.extend<{ net: OwnNetwork }>({
  net: async ({ box }, use) => {
    const net = await OwnNetwork.make(box)
    await use(net)
    await net.end()
  },
})

const few = ['--set', 'network.taps=3']
const veth = [['link', 'add', 'name', 'eth7', 'type', 'veth', 'peer', 'name', 'eth8']]

describe('rapido net up', () => {
  test('makes bridge and taps, once; net down takes them away, and again does nothing', async ({ net }) => {
    const before = await net.links()
    const up = await succeed(net.rapido('net', 'up', ...few, '--set', `network.tap_user=${net.user}`).outcome())
    expect(up.stderr).toMatch(/^rapido: the bridge rapido-br is up: 192\.168\.155\.1\/24.*; taps for VMs of \w+: 3\n$/)
    const made = await net.links()
    expect(await status(net)).toEqual({
      bridge: { name: 'rapido-br', addresses: ['192.168.155.1/24', 'fd72:6170:6964:6f::1/64'], mtu: 1500 },
      isUp: true,
      ports: ['rapido1.0', 'rapido2.0', 'rapido3.0'],
      taps: [1, 2, 3].map((vm) => ({ name: `rapido${vm}.0`, vm, user: net.user, inUse: false })),
      uplinks: [],
      dhcp: null,
    })

    const again = await succeed(net.rapido('net', 'up', ...few, '--set', `network.tap_user=${net.user}`).outcome())
    expect(again.stderr).toContain('the bridge rapido-br was up already')
    expect(await net.links()).toEqual(made)

    await succeed(net.rapido('net', 'down').outcome())
    expect(await net.links()).toEqual(before)
    const nothing = await succeed(net.rapido('net', 'down').outcome())
    expect(nothing.stderr).toContain('no network is up')
    expect(await status(net)).toBeNull()
  })

  test('has the MTU, the addresses and the NICs of the settings, and one tap more when there are to be more', async ({
    box,
    net,
  }) => {
    box.file(
      'rapido.toml',
      '[network]\nbridge = "lab"\naddress = "10.9.0.1/16"\nmtu = 9000\ntaps = 1\n[network.vm.1]\nnic = [{}]\n',
    )
    await succeed(net.rapido('net', 'up').outcome())
    await succeed(net.rapido('net', 'up', '--set', 'network.taps=2').outcome())
    expect(await status(net)).toMatchObject({
      bridge: { name: 'lab', addresses: ['10.9.0.1/16', expect.any(String)], mtu: 9000 },
      ports: ['rapido1.0', 'rapido1.1', 'rapido2.0'],
    })
  })

  test('finishes what was begun and killed, and net down clears it', { timeout: 180_000 }, async ({ net }) => {
    const before = await net.links()
    for (const untilMs of [300, 450, 700]) {
      for (const next of ['up', 'down']) {
        const killed = net.rapido('net', 'up', '--set', 'network.taps=30')
        killed.start()
        await delay(untilMs)
        killed.kill('SIGKILL')
        await killed.outcome()
        await succeed(net.rapido('net', next, '--set', 'network.taps=30').outcome())
        if (next === 'up') expect((await status(net))?.ports).toHaveLength(30)
        await succeed(net.rapido('net', 'down').outcome())
        expect(await net.links()).toEqual(before)
      }
    }
  })

  test.for<[string, string[][]]>([
    ['the bridge without a name', [['link', 'add', 'name', 'rapido-unnamed', 'type', 'bridge']]],
    ['a tap without a name', [['tuntap', 'add', 'dev', 'rapido-unnamed', 'mode', 'tap']]],
    ['the bridge, with no address and down', [...bridge('rapido-br')]],
    [
      'a tap that is on no bridge',
      [...bridge('rapido-br'), ['tuntap', 'add', 'dev', 'rapido2.0', 'mode', 'tap', 'user', '0'], mark('rapido2.0')],
    ],
  ])('finishes after %s, and net down clears it', async ([, halfMade], { net }) => {
    const before = await net.links()
    for (const command of halfMade) await net.ip(...command)
    await succeed(net.rapido('net', 'down').outcome())
    expect(await net.links()).toEqual(before)

    for (const command of halfMade) await net.ip(...command)
    await succeed(net.rapido('net', 'up', ...few).outcome())
    expect(await status(net)).toMatchObject({ isUp: true, ports: expect.objectContaining({ length: 3 }) })
    expect(await net.ip('-brief', 'link')).not.toContain('unnamed')
    await succeed(net.rapido('net', 'down').outcome())
    expect(await net.links()).toEqual(before)
  })

  test('leaves nothing where it fails half-way, or is interrupted', async ({ box, net }) => {
    const before = await net.links()
    const failing = '#!/bin/sh\ncase "$*" in *"rapido3.0 master"*) echo "no more" >&2; exit 2;; esac\n'
    box.file('bin/ip', `${failing}PATH=\${PATH#*:}\nexec ip "$@"\n`, 0o755)
    const path = `${join(box.work, 'bin')}:${process.env.PATH}:/usr/sbin`
    const failed = await net
      .rapido('net', 'up', ...few)
      .env({ PATH: path })
      .outcome()
    expect(failed).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('cannot put rapido3.0 on rapido-br: no more'),
    })
    expect(await net.links()).toEqual(before)

    const range = ['--set', 'network.dhcp_range=192.168.155.5,192.168.155.9']
    box.file('bin/dnsmasq', '#!/bin/sh\necho "dnsmasq: not today" >&2\nexit 2\n', 0o755)
    rmSync(join(box.work, 'bin/ip'))
    const late = await net
      .rapido('net', 'up', ...few, ...range)
      .env({ PATH: path })
      .outcome()
    expect(late).toMatchObject({ status: 3, stderr: 'rapido: cannot serve DHCP: not today\n' })
    expect(await net.links()).toEqual(before)

    const interrupted = net.rapido('net', 'up', '--verbose', '--set', 'network.taps=100')
    await interrupted.saying(/make rapido2\.0/)
    interrupted.kill('SIGINT')
    expect(await interrupted.outcome()).toMatchObject({ status: 130 })
    expect(await net.links()).toEqual(before)
  })

  test('twice at the same moment makes one', async ({ net }) => {
    await Promise.all([1, 2].map(() => succeed(net.rapido('net', 'up', ...few).outcome())))
    expect((await status(net))?.ports).toHaveLength(3)
  })
})

describe('rapido net up refuses, and makes nothing:', () => {
  test.for<[string, string[][], string[], RegExp]>([
    [
      'a bridge of that name that it did not make',
      [['link', 'add', 'name', 'br0', 'type', 'bridge']],
      ['network.bridge=br0'],
      /the host has an interface br0 that rapido did not make \(bridge\)\n.*network\.bridge/,
    ],
    [
      'another interface of that name',
      [['link', 'add', 'name', 'eth7', 'type', 'veth', 'peer', 'name', 'eth8']],
      ['network.bridge=eth7'],
      /eth7 that rapido did not make \(veth\)/,
    ],
    [
      'an IPv4 network that the host has',
      [...veth, ['address', 'add', '192.168.0.7/16', 'dev', 'eth7']],
      [],
      /192\.168\.155\.0\/24 is taken: eth7 of the host has 192\.168\.0\.7\/16\n.*network\.address/,
    ],
    [
      'an IPv6 network that the host has',
      [...veth, ['address', 'add', 'fd72:6170:6964:6f::99/64', 'dev', 'eth7']],
      [],
      /fd72:6170:6964:6f::\/64 is taken: eth7 of the host has fd72:6170:6964:6f::99\/64\n.*network\.address6/,
    ],
    [
      'a tap of somebody else',
      [['tuntap', 'add', 'dev', 'rapido2.0', 'mode', 'tap']],
      [],
      /rapido2\.0 that rapido did/,
    ],
    ['an uplink that is not there', [], ['network.uplink=eth7'], /"eth7": the host has no such interface/],
    [
      'an uplink of another bridge',
      [...veth, ['link', 'add', 'name', 'br0', 'type', 'bridge'], ['link', 'set', 'dev', 'eth7', 'master', 'br0']],
      ['network.uplink=eth7'],
      /"eth7": it is a port of br0 already/,
    ],
    [
      'an uplink that the host has an address on',
      [...veth, ['address', 'add', '10.0.0.7/24', 'dev', 'eth7']],
      ['network.uplink=eth7'],
      /"eth7": it has the address 10\.0\.0\.7\/24/,
    ],
  ])('%s', async ([, found, settings, message], { net }) => {
    for (const command of found) await net.ip(...command)
    const before = await net.links()
    const run = await net.rapido('net', 'up', ...few, ...settings.flatMap((set) => ['--set', set])).outcome()
    expect(run).toMatchObject({ status: 3, stdout: '', stderr: expect.stringMatching(message) })
    expect(await net.links()).toEqual(before)
  })

  test.for<[string, RegExp]>([
    ['network.uplink=nat', /"nat" is for a private network/],
    ['network.tap_user=no-such-user', /network\.tap_user = "no-such-user": this host has no such user/],
    ['network.dhcp_range=10.0.0.5,10.0.0.9', /10\.0\.0\.5 is not in the network of 192\.168\.155\.1\/24/],
    ['network.dhcp_range=192.168.155.9,192.168.155.5', /ends before it starts/],
    ['network.bridge=a-name-that-is-too-long', /at most 15 characters/],
  ])('%s', async ([set, message], { net }) => {
    const before = await net.links()
    const run = await net.rapido('net', 'up', '--set', set).outcome()
    expect(run).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) })
    expect(await net.links()).toEqual(before)
  })

  test('who is not root', async ({ box, net }) => {
    const run = await (net.user === 'root' ? box.rapido('net', 'up') : net.rapidoAsUser('net', 'up')).outcome()
    expect(run).toMatchObject({ status: 3, stderr: expect.stringContaining('sudo rapido net up') })
  })
})

test('an uplink is put on the bridge and released, never removed', async ({ net }) => {
  for (const command of veth) await net.ip(...command)
  const before = await net.links()
  await succeed(net.rapido('net', 'up', ...few, '--set', 'network.uplink=eth7').outcome())
  expect(await status(net)).toMatchObject({ uplinks: ['eth7'], ports: expect.arrayContaining(['eth7', 'rapido1.0']) })
  await succeed(net.rapido('net', 'down').outcome())
  expect(await net.links()).toEqual(before)
})

test('DHCP is served on the bridge until it goes', async ({ net }) => {
  const range = '192.168.155.200,192.168.155.250'
  const up = ['net', 'up', ...few, '--set', `network.dhcp_range=${range}`]
  await succeed(net.rapido(...up).outcome())
  const first = (await status(net))?.dhcp
  expect(first).toEqual({ range, pid: expect.any(Number) })
  const { stdout: sockets } = await net.command('ss', '-Hlun').outcome()
  expect(sockets.trim().split('\n')).toEqual([expect.stringMatching(/%rapido-br:67\s/)])

  expect((await succeed(net.rapido(...up).outcome())).stderr).toContain('was up already')
  expect((await status(net))?.dhcp).toEqual(first)
  await succeed(net.rapido('net', 'up', ...few).outcome())
  expect((await status(net))?.dhcp).toBeNull()
  await succeed(net.rapido(...up).outcome())
  const again = (await status(net))?.dhcp?.pid ?? 0
  await succeed(net.rapido('net', 'down').outcome())
  await until(() => !isRunning(first?.pid ?? 0) && !isRunning(again))
  expect((await net.command('ls', '/run').outcome()).stdout).toBe('')
})

test('a VM has its tap without a right of its own; net down minds it', { timeout: 300_000 }, async ({ box, net }) => {
  const before = await net.links()
  await succeed(net.rapido('net', 'up', ...few, '--set', `network.tap_user=${net.user}`).outcome())
  const up = await net.links()
  const booted = await succeed(net.rapidoAsUser('boot', 'simple-net', '--detach').outcome())
  expect(booted.stdout).toBe('1\n')
  const [vm] = JSON.parse((await net.rapidoAsUser('ps', '--json').outcome()).stdout)
  expect(vm).toMatchObject({ network: 'host', addresses: ['192.168.155.101', 'fd72:6170:6964:6f::101'] })
  if (net.user !== 'root') expect(readFileSync(`/proc/${vm.qemuPid}/status`, 'utf8')).toMatch(/^CapEff:\t0{16}$/m)
  for (const family of ['-4', '-6']) {
    await succeed(net.rapidoAsUser('exec', '1', '--', 'ping', family, '-c', '1', '-W', '20', 'host').outcome())
    const address = vm.addresses[family === '-4' ? 0 : 1]
    await succeed(net.command('ping', '-c', '1', '-W', '20', address).outcome())
  }
  expect((await status(net))?.taps.filter(({ inUse }) => inUse)).toMatchObject([{ name: 'rapido1.0', vm: 1 }])

  const taken = await net.rapidoAsUser('run', 'simple-net', '--set', `paths.state=${box.work}/other`).outcome()
  expect(taken).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('rapido1.0 of rapido-br is used by another'),
  })
  const beyond = await net.rapidoAsUser('run', 'simple-net', '--number', '4').outcome()
  expect(beyond).toMatchObject({
    status: 3,
    stderr: expect.stringMatching(/vm4: rapido4\.0 .* is not there\n.*network\.taps/),
  })

  const refused = await net.rapido('net', 'down').outcome()
  expect(refused).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/VMs run on rapido-br: vm1 \(simple-net\)\n.*--force/),
  })
  const ofAnother = await net.rapido('net', 'down', '--set', `paths.state=${box.work}/other`).outcome()
  expect(ofAnother).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(`rapido-br: rapido1.0 of ${net.user}\n`),
  })
  expect(await status(net)).toMatchObject({ isUp: true, ports: { length: 3 } })

  await succeed(net.rapido('net', 'down', '--force').outcome())
  expect((await net.rapidoAsUser('ps', '--json').outcome()).stdout).toBe('[]\n')
  expect(up).not.toEqual(before)
  expect(await net.links()).toEqual(before)
})

test('net down --force ends what another user has on a tap, and nobody in another network', async ({ box, net }) => {
  const elsewhere = await OwnNetwork.make(box)
  const qemus: CliRun[] = []
  for (const host of [net, elsewhere]) {
    await succeed(host.rapido('net', 'up', ...few).outcome())
    const tap = 'tap,id=n,ifname=rapido2.0,script=no,downscript=no'
    qemus.push(host.command('qemu-system-x86_64', '-S', '-nodefaults', '-display', 'none', '-netdev', tap))
    qemus.at(-1)?.start()
    await until(async () => (await status(host))?.taps[1]?.inUse === true)
  }
  const [here, there] = qemus as [CliRun, CliRun]
  const refused = await net.rapido('net', 'down').outcome()
  expect(refused).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('VMs run on rapido-br: rapido2.0 of root'),
  })
  await succeed(net.rapido('net', 'down', '--force').outcome())
  expect(await here.outcome()).toMatchObject({ status: 0 })
  expect(await status(net)).toBeNull()
  expect((await status(elsewhere))?.taps[1]).toMatchObject({ inUse: true })
  there.kill('SIGKILL')
  await there.outcome()
  await elsewhere.end()
})

test.for<[string, string[], number, RegExp]>([
  ['the host has no bridge', ['network.home=host'], 3, /the host has no bridge rapido-br .*\n.*sudo rapido net up/],
  [
    'the home is the host and the uplink for a private network',
    ['network.home=host', 'network.uplink=nat'],
    2,
    /"nat" is for/,
  ],
  ['the home is private and the uplink an interface', ['network.uplink=eth7'], 2, /"eth7": a private network has no/],
])('a VM is not booted where %s', async ([, settings, code, message], { net }) => {
  const run = await net.rapido('run', 'simple-net', ...settings.flatMap((set) => ['--set', set])).outcome()
  expect(run).toMatchObject({ status: code, stdout: '', stderr: expect.stringMatching(message) })
  expect(run.stderr).not.toContain('booting')
})

function bridge(name: string): string[][] {
  return [['link', 'add', 'name', name, 'type', 'bridge'], mark(name)]
}

function mark(name: string): string[] {
  return ['link', 'set', 'dev', name, 'alias', 'rapido']
}

async function succeed(running: Promise<Outcome>): Promise<Outcome> {
  const run = await running
  expect(run, run.stderr).toMatchObject({ status: 0 })
  return run
}

async function status(net: OwnNetwork): Promise<HostNetworkState | null> {
  return JSON.parse((await succeed(net.rapido('net', 'status', '--json').outcome())).stdout).host
}
