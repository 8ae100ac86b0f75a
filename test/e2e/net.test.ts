import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { boot, type Vm } from '../../dist/index.js'
import type { VmInfo } from '../../dist/runs/vm-info.js'
import { gatherKernelFacts } from '../../src/host/kernels.js'
import { planKernel } from '../../src/plan/kernel.js'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { OwnNetwork } from '../helpers/own-network.js'
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
    const first = box.rapido('boot', 'simple-net', '--detach').outcome()
    const second = box.rapido('boot', 'simple-net', '--detach').outcome()
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

describe.concurrent('what stands in the way of a network is told before anything is made:', () => {
  test.for<[string, string[], number, RegExp]>([
    ['no /dev/net/tun', ['mount -t tmpfs none /dev/net'], 3, /there is no \/dev\/net\/tun[\s\S]*modprobe tun/],
    ['a name that is too long', ['network.bridge=a-very-long-bridge-name'], 2, /network\.bridge.*at most 15/],
    ['an address that is no network', ['network.address=192.168.155.1'], 2, /network\.address.*lacks the length/],
    ['an address of the network itself', ['network.address=10.0.0.0/8'], 2, /network\.address.*network itself/],
    ['a network that is too small', ['network.address=10.0.0.1/27'], 2, /has no address for vm1/],
  ])('%s', async ([, [what = ''], status, message], { box }) => {
    const argv = ['run', 'simple-net', ...(what.startsWith('mount') ? [] : ['--set', what])]
    const run = what.startsWith('mount') ? await withOwnMounts(box, what, argv) : await box.rapido(...argv).outcome()
    expect(run).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(message) })
    expect(run.stderr).not.toMatch(/booting …/)
    await expectNothingLeft(box)
  })

  test('a kernel of the guest that has no virtio_net', async ({ box }) => {
    const run = await box.rapido('run', 'simple-net', '--set', `kernel.src=${treeWithout(box, 'VIRTIO_NET')}`).outcome()
    expect(run).toMatchObject({ status: 3, stdout: '' })
    expect(run.stderr).toMatch(/needs what is not there:\n.*driver virtio_net: CONFIG_VIRTIO_NET is off/)
    await expectNothingLeft(box)
  })

  test('a kernel of the host that has no bridge', async ({ box }) => {
    const ip = (await box.command(['bash', '-c', 'PATH=$PATH:/usr/sbin:/sbin type -P ip']).outcome()).stdout.trim()
    const unknown = 'case "$*" in *-batch*) echo "Error: Unknown device type." >&2; exit 1 ;; esac'
    box.file('bin/ip', `#!/bin/sh\n${unknown}\nexec ${ip} "$@"\n`, 0o755)
    const path = `${join(box.work, 'bin')}:${process.env.PATH}`
    const run = await box.rapido('net', 'exec', '--', 'true').env({ PATH: path }).outcome()
    expect(run).toMatchObject({ status: 3, stdout: '' })
    expect(run.stderr).toMatch(/cannot make the private network: Error: Unknown device type.*\n.*modprobe bridge/)
    await expectNothingLeft(box)
  })

  test('no user namespaces', async ({ box }) => {
    const unshare = '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2; exit 1\n'
    box.file('bin/unshare', unshare, 0o755)
    const run = await box
      .rapido('run', 'simple-net')
      .env({ PATH: `${join(box.work, 'bin')}:${process.env.PATH}` })
      .outcome()
    expect(run).toMatchObject({ status: 3, stdout: '' })
    expect(run.stderr).toMatch(/cannot make the private network: unshare: .*not permitted\n.*namespaces/)
    await expectNothingLeft(box)
  })
})

/** A built tree around the installed kernel, whose configuration and modules lack something. */
function treeWithout(box: Sandbox, option: string): string {
  const { release, image, modulesDir = '' } = planKernel({}, gatherKernelFacts({}))
  const lacks = (text: string) =>
    text.replaceAll(new RegExp(`^CONFIG_${option}=.*$`, 'gm'), `# CONFIG_${option} is not set`)
  box.file('linux/.config', lacks(readFileSync(`/boot/config-${release}`, 'utf8')))
  box.file('linux/include/config/kernel.release', `${release}\n`)
  const modules = `linux/mods/lib/modules/${release}`
  const dep = readFileSync(join(modulesDir, 'modules.dep'), 'utf8').split('\n')
  const name = `/${option.toLowerCase()}.ko`
  box.file(`${modules}/modules.dep`, dep.filter((line) => !line.split(':')[0]?.includes(name)).join('\n'))
  box.file(`${modules}/modules.builtin`, readFileSync(join(modulesDir, 'modules.builtin')))
  symlinkSync(join(modulesDir, 'kernel'), join(box.work, modules, 'kernel'))
  mkdirSync(join(box.work, 'linux/arch/x86/boot'), { recursive: true })
  symlinkSync(image, join(box.work, 'linux/arch/x86/boot/bzImage'))
  return join(box.work, 'linux')
}

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
  const [sent, got] = await Promise.all([from.succeed(`sha256sum <${file}`), to.succeed('sha256sum </tmp/got')])
  expect(await to.succeed('stat -c %s /tmp/got')).toBe(`${size}\n`)
  expect(got).toBe(sent)
}

/** Perl without modules: a DHCPDISCOVER, and the address of the offer that answers it (RFC 2131). */
const askForLease = [
  'socket($s, 2, 2, 17); setsockopt($s, 1, 6, pack("l", 1)); setsockopt($s, 1, 25, "eth0\\0");', // SO_BROADCAST, SO_BINDTODEVICE
  'bind($s, pack("S n N x8", 2, 68, 0)) or die $!;',
  '$mac = pack("H*", "027270000001");',
  '$discover = pack("C4 N n2 N4 a16 x192 N C*", 1, 1, 6, 0, 7, 0, 0x8000, 0, 0, 0, 0, $mac, 0x63825363, 53, 1, 1, 255);',
  'alarm 20; send($s, $discover, 0, pack("S n N x8", 2, 67, 0xffffffff)) or die $!;',
  'recv($s, $offer, 1500, 0); print "lease of ", join(".", unpack("x16 C4", $offer)), "\\n"',
].join(' ')

/** Perl without modules, which every guest has: takes one connection on port 5000. */
function listener(serve: string): string {
  return `socket($s, 2, 1, 6); setsockopt($s, 1, 2, pack("l", 1)); bind($s, pack("S n N x8", 2, 5000, 0)) or die $!; listen($s, 1); accept($c, $s) or die $!; ${serve}`
}

/** A line of bash, again until it succeeds: the other side may not listen yet. */
function retrying(connect: string, then = ':'): string {
  return `for i in $(seq 100); do { ${connect}; } 2>/dev/null && break; sleep 0.1; done; ${then}`
}

function withOwnMounts(box: Sandbox, mount: string, argv: string[]) {
  const unshare = ['unshare', process.geteuid?.() === 0 ? '-m' : '-rm']
  const rapido = box.rapido(...argv).argv
  return box.command([...unshare, 'bash', '-c', `${mount} && exec "$@"`, 'bash', ...rapido]).outcome()
}
