import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testOfSeveral as boxed } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { Sandbox } from '../helpers/sandbox.js'

// One guest with an ssh server, and the host's own ssh.

let box: Sandbox

beforeAll(async () => {
  box = new Sandbox({ cpus: 1 })
  for (const name of ['mine', 'other']) makeKey(box, name)
  box.file('rapido.toml', '[ssh]\nauthorized_keys = ["keys/mine.pub"]\n')
  const booted = await box.rapido('boot', 'dropbear', '--detach').outcome()
  expect(booted).toMatchObject({ status: 0, stdout: '1\n', stderr: expect.stringContaining('vm1 is ready') })
})

afterAll(async () => {
  try {
    await box.rapido('stop', '--all').outcome()
    await expectNothingLeft(box, { withinMs: 5000 }) // the private network goes after its last member
  } finally {
    box.remove()
  }
})

describe('rapido ssh', () => {
  test('runs a line of shell with its output apart, and has its status', async () => {
    const run = await ssh('echo "out $PWD $HOME $SHELL"; echo err >&2; exit 7').outcome()
    expect(run).toMatchObject({ status: 7, stdout: 'out /root /root /bin/bash\n', stderr: 'err\n' })
  })

  test('brings a MB there and back intact', async () => {
    const bytes = randomBytes(1_000_000)
    expect(await ssh('cat >/tmp/there').input(bytes).outcome()).toMatchObject({ status: 0, stderr: '' })
    const sum = createHash('sha256').update(bytes).digest('hex')
    expect((await box.rapido('exec', '1', '--', 'sha256sum', '/tmp/there').outcome()).stdout).toContain(sum)
    expect((await ssh('cat /tmp/there').outcome()).stdoutBytes.equals(bytes)).toBe(true)
  })

  test('is a login shell with job control at a terminal', async () => {
    const terminal = box.terminal(['ssh', '1', '-i', 'keys/mine'])
    await terminal.expect(/rapido1:~# /)
    terminal.type('tty; stty size; type -P poweroff\r')
    await terminal.expect(/\/dev\/pts\/0\s+30 100\s+\/usr\/sbin\/poweroff/)
    terminal.type('sleep 1000\r')
    const runs = 'until ps -e -o args | grep -q "^sleep 1000"; do sleep 0.1; done'
    await box.rapido('exec', '1', '--', 'bash', '-c', runs).outcome()
    terminal.type('\x1a') // Ctrl-Z
    await terminal.expect(/Stopped +sleep 1000/)
    terminal.type('kill -9 %1; disown -a; exit 4\r') // with a job that it takes for stopped, exit only warns
    expect(await terminal.ended).toBe(4)
  })

  test('takes a key from ~/.ssh where none is named', async () => {
    for (const name of ['mine', 'mine.pub']) {
      const key = readFileSync(join(box.work, 'keys', name))
      box.file(`.ssh/${name.replace('mine', 'id_ed25519')}`, key, 0o600)
    }
    expect(await box.rapido('ssh', '1', '--', 'echo', 'in').outcome()).toMatchObject({ status: 0, stdout: 'in\n' })
  })

  test('is refused with another key, and asks for no password', async () => {
    const run = await box.rapido('ssh', '1', '-i', 'keys/other', '--', 'true').outcome()
    expect(run).toMatchObject({ status: 255, stderr: expect.stringContaining('Permission denied (publickey)') })
  })

  test("knows the host's key from the control channel alone, and leaves the user's known_hosts alone", async () => {
    const theirs = '192.168.155.101 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJB3gMcu2WvB1Fnh+bSaDlBPQSoYFoJCrRRqRcFqgTvP\n'
    const known = box.file('.ssh/known_hosts', theirs, 0o600) // it names another key for this address
    expect(await ssh('true').outcome()).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(known, 'utf8')).toBe(theirs)
    const inGuest = (await box.rapido('exec', '1', '--', 'cat', '/etc/ssh/ssh_host_ed25519_key.pub').outcome()).stdout
    expect(readFileSync(join(box.state, 'vms/1/known_hosts'), 'utf8')).toBe(`rapido1 ${inGuest}`)
  })

  test('refuses a server that has not the key of this guest', async () => {
    const remake = [
      'cp -a /etc/ssh/ssh_host_ed25519_key.pub /tmp/right.pub',
      'dropbearkey -t ed25519 -f /tmp/wrong 2>&1 | grep ^ssh-ed25519 >/etc/ssh/ssh_host_ed25519_key.pub',
    ].join('\n')
    await box.rapido('exec', '1', '--', 'bash', '-c', remake).outcome()
    const run = await ssh('true').outcome()
    expect(run).toMatchObject({ status: 255, stderr: expect.stringContaining('Host key verification failed') })
    await box.rapido('exec', '1', '--', 'cp', '/tmp/right.pub', '/etc/ssh/ssh_host_ed25519_key.pub').outcome()
  })

  test.each([
    [['ssh', '1', '-i', 'keys/none'], 2, /-i keys\/none: no such file/],
    [['ssh', '9'], 2, /no VM "9" runs here/],
  ])('refuses %j', async (args, status, message) => {
    expect(await box.rapido(...args).outcome()).toMatchObject({ status, stderr: expect.stringMatching(message) })
  })
})

test('no key is in the image, the keys of the guest are its own, and only root may read them', async () => {
  const modes = 'stat -c "%a %U %n" /root /root/.ssh /root/.ssh/authorized_keys /etc/dropbear/*'
  expect((await box.rapido('exec', '1', '--', 'bash', '-c', modes).outcome()).stdout).toBe(
    [
      '700 root /root',
      '700 root /root/.ssh',
      '600 root /root/.ssh/authorized_keys',
      '600 root /etc/dropbear/dropbear_ed25519_host_key\n',
    ].join('\n'),
  )
  const image = readFileSync((await box.rapido('cut', 'dropbear').outcome()).stdout.trim())
  expect(image.includes('usr/bin/dropbearkey')).toBe(true) // it is not compressed
  expect(image.includes(readFileSync(join(box.work, 'keys/mine.pub'), 'utf8').slice(0, 80))).toBe(false)
})

boxed('without a public key nothing is booted', async ({ box }) => {
  const without = await box.rapido('boot', 'dropbear', '--detach').outcome()
  expect(without).toMatchObject({ status: 2, stderr: expect.stringContaining('ssh-keygen -t ed25519') })
  makeKey(box, 'mine')
  box.file('rapido.toml', '[ssh]\nauthorized_keys = ["keys/mine"]\n')
  const secret = await box.rapido('boot', 'dropbear', '--detach').outcome()
  expect(secret).toMatchObject({ status: 2, stderr: expect.stringContaining('name the public one') })
  expect(existsSync(join(box.state, 'vms'))).toBe(false)
})

boxed('goes through a port of the host to a guest on the user-mode network', async ({ box }) => {
  makeKey(box, 'mine')
  const shipped = readFileSync(new URL('../../profiles/dropbear/profile.toml', import.meta.url), 'utf8')
  const bootScript = readFileSync(new URL('../../profiles/dropbear/boot.sh', import.meta.url), 'utf8')
  box.file('profiles/mine/profile.toml', shipped.replace('network = "bridge"', 'network = "user"'))
  box.file('profiles/mine/boot.sh', bootScript)
  const settings = '[ssh]\nauthorized_keys = ["keys/mine.pub"]\n[network]\n'
  box.file('rapido.toml', settings)
  expect(await box.rapido('boot', 'mine', '--detach').outcome()).toMatchObject({ status: 0, stdout: '1\n' })
  const unreachable = await box.rapido('ssh', '1', '-i', 'keys/mine').outcome()
  expect(unreachable).toMatchObject({ status: 2, stderr: expect.stringContaining('tcp:0:22') })
  await box.rapido('stop', '1').outcome()

  box.file('rapido.toml', `${settings}forwards = ["tcp:0:22"]\n`)
  expect(await box.rapido('boot', 'mine', '--detach').outcome()).toMatchObject({ status: 0 })
  const run = await box.rapido('ssh', '1', '-i', 'keys/mine', '--', 'uname', '-n').outcome()
  expect(run).toMatchObject({ status: 0, stdout: 'rapido1\n' })
  await box.rapido('stop', '1').outcome()
})

boxed('says so where there is no network, or no ssh server', async ({ box }) => {
  const booted = await box.rapido('boot', 'simple', '--detach').outcome()
  expect(booted).toMatchObject({ status: 0 })
  expect(await box.rapido('boot', 'simple-net', '--detach').outcome()).toMatchObject({ status: 0, stdout: '2\n' })
  expect(await box.rapido('ssh', '1').outcome()).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('vm1 has no network'),
  })
  expect(await box.rapido('ssh', '2').outcome()).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('vm2 has no ssh server'),
  })
  await box.rapido('stop', '--all').outcome()
  await expectNothingLeft(box, { withinMs: 5000 })
})

function ssh(line: string) {
  return box.rapido('ssh', '1', '-i', 'keys/mine', '--', line)
}

function makeKey(box: Sandbox, name: string): void {
  box.file('keys/about', 'made for a test\n')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'of a test', '-f', join(box.work, 'keys', name)])
}
