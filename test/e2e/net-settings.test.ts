import { describe, expect } from 'vitest'
import { boot } from '../../dist/index.js'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { listener, retrying } from '../helpers/one-connection.js'
import { OwnNetwork } from '../helpers/own-network.js'

// What a network is told to be: by its settings, and by `rapido net`.

describe.concurrent('on a private network', () => {
  test('net status tells who is on it, net down refuses while they are, and --force stops them', async ({ box }) => {
    const server = box.rapido('net', 'exec', '--', 'sh', '-c', 'echo up; exec sleep 1000')
    await server.saying(/^up$/m)
    expect((await box.rapido('boot', 'simple-net', '-d').outcome()).status).toBe(0)
    const status = await box.rapido('net', 'status').outcome()
    expect(status.stdout).toMatch(/bridge rapido-br, 192\.168\.155\.1\/24, fd72:6170:6964:6f::1\/64, MTU 1500/)
    expect(status.stdout).toMatch(/^vm1 +simple-net +192\.168\.155\.101 fd72:6170:6964:6f::101$/m)
    expect(status.stdout).toMatch(/^\d+ +sleep 1000/m)
    expect(JSON.parse((await box.rapido('net', 'status', '--json').outcome()).stdout).private).toMatchObject({
      bridge: { name: 'rapido-br' },
      vms: [{ number: 1 }],
    })

    const refused = await box.rapido('net', 'down').outcome()
    expect(refused).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/in use by vm1 \(simple-net\), \d+ \(sleep 1000\)/),
    })
    const other = await box.rapido('run', 'simple-net', '--set', 'network.address=10.1.0.1/16').outcome()
    expect(other).toMatchObject({ status: 2, stderr: expect.stringContaining('is up with other settings') })

    expect(await box.rapido('net', 'down', '--force').outcome()).toMatchObject({ status: 0 })
    expect(await server.outcome()).toMatchObject({ status: 1 })
    await expectNothingLeft(box, { withinMs: 3000 })
    expect(await box.rapido('net', 'down').outcome()).toMatchObject({ status: 0 })
    expect((await box.rapido('net', 'status').outcome()).stdout).toBe('')
  })

  test('a VM has the name, addresses, cards and packet size that it is given', async ({ box }) => {
    box.file(
      'rapido.toml',
      [
        '[network]',
        'address = "10.55.0.1/16"',
        'mtu = 9000',
        '[network.vm.1]',
        'hostname = "target"',
        'address = "10.55.7.7/16"',
        'mac = "02:00:00:00:00:07"',
        'nic = [{ address = "10.66.0.1/24" }, {}]',
      ].join('\n'),
    )
    const show =
      'ip -brief link | cut -c 1-80; ip -brief -4 addr; cat /sys/class/net/eth0/mtu; uname -n; ping -c 1 target'
    const run = await box.rapido('run', 'simple-net', '-x', show).outcome()
    expect(run).toMatchObject({ status: 0 })
    expect(run.stdout).toMatch(/^eth0 .*02:00:00:00:00:07/m)
    expect(run.stdout).toMatch(/^eth1 .*02:72:70:01:00:01/m)
    expect(run.stdout).toMatch(/^eth2 .*02:72:70:02:00:01/m)
    expect(run.stdout).toMatch(/^eth0 .*10\.55\.7\.7\/16/m)
    expect(run.stdout).toMatch(/^eth1 .*10\.66\.0\.1\/24/m)
    expect(run.stdout).toMatch(/^9000\ntarget\n/m)
  })
})

test('a private network has a DHCP server where it is asked for', async ({ box }) => {
  const range = ['--set', 'network.dhcp_range=192.168.155.200,192.168.155.250']
  const run = await box.rapido('run', 'simple-net', ...range, '-x', `perl -e '${askForLease}'`).outcome()
  expect(run, run.stderr).toMatchObject({ status: 0 })
  expect(run.stdout).toMatch(/^lease of 192\.168\.155\.2[0-5]\d$/m)
})

test('a private network has a way out where it is asked for, and else none', async ({ box }) => {
  const outside = await OwnNetwork.make(box) // the host, and the world
  try {
    await outside.ip('address', 'add', '10.99.0.1/32', 'dev', 'lo')
    const serve = "require('net').createServer((s) => s.end('of the world\\n')).listen(8000, () => console.log('up'))"
    const server = outside.command(process.execPath, '-e', serve)
    await server.saying(/up/)
    const read = (address: string) => `timeout 10 cat </dev/tcp/${address}/8000`
    const commands = ['-x', read('10.99.0.1'), '-x', `! ${read('192.168.155.2')}`]
    const run = await outside.rapido('run', 'simple-net', '--set', 'network.uplink=nat', ...commands).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    expect(run.stdout).toMatch(/^of the world$/m)

    const isolated = await outside.rapido('run', 'simple-net', '-x', read('10.99.0.1')).outcome()
    expect(isolated).toMatchObject({ status: 1, stderr: expect.stringContaining('Network is unreachable') })
    server.kill('SIGKILL')
    await server.outcome()
  } finally {
    await outside.end()
  }
})

test("QEMU's own network leads to the guest through a forwarded port, and from it to this host", async ({ box }) => {
  box.profile('user-net', { toml: 'network = "user"\n[image]\ninstall = ["cat"]' })
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  await using vm = await boot('user-net', box.options({ 'network.forwards': [`tcp:${port}:5000`] }))
  const served = vm.exec(['perl', '-e', listener('print {$c} "from the guest\\n"; close $c')])
  const answer = await box
    .command(['bash', '-c', retrying(`read -r line </dev/tcp/127.0.0.1/${port} && echo "$line"`)])
    .outcome()
  expect(answer.stdout).toBe('from the guest\n')
  expect(await served).toMatchObject({ status: 0 })
  expect(await vm.succeed('ip route')).toContain('default via 10.0.2.2')
})

/** Perl without modules: a DHCPDISCOVER, and the address of the offer that answers it (RFC 2131). */
const askForLease = [
  'socket($s, 2, 2, 17); setsockopt($s, 1, 6, pack("l", 1)); setsockopt($s, 1, 25, "eth0\\0");', // SO_BROADCAST, SO_BINDTODEVICE
  'bind($s, pack("S n N x8", 2, 68, 0)) or die $!;',
  '$mac = pack("H*", "027270000001");',
  '$discover = pack("C4 N n2 N4 a16 x192 N C*", 1, 1, 6, 0, 7, 0, 0x8000, 0, 0, 0, 0, $mac, 0x63825363, 53, 1, 1, 255);',
  'alarm 20; send($s, $discover, 0, pack("S n N x8", 2, 67, 0xffffffff)) or die $!;',
  'recv($s, $offer, 1500, 0); print "lease of ", join(".", unpack("x16 C4", $offer)), "\\n"',
].join(' ')
