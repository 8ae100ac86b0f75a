import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { Sandbox } from '../helpers/sandbox.js'
import { expectNowhere } from '../helpers/secret.js'
import { startSmbServer } from '../helpers/smb-server.js'

// A Samba server of this host's, in the private network, and guests that mount its share.

const secret = randomBytes(12).toString('hex')
const password = `a,b ${secret}` // what mount options would not take well
let box: Sandbox
let share: string // its folder here

beforeAll(async () => {
  box = new Sandbox({ cpus: 1 })
  box.file('password', `${password}\n`, 0o600)
  box.file('wrong', 'not it\n', 0o600)
  box.file('rapido.toml', '[cifs]\nshare = "test"\nuser = "root"\n[secrets]\ncifs_password = { file = "password" }\n')
  share = await startSmbServer(box, { password })
})

afterAll(async () => {
  try {
    await box.rapido('stop', '--all').outcome()
    await box.rapido('net', 'down', '--force').outcome()
    await expectNothingLeft(box, { withinMs: 5000 })
  } finally {
    box.remove()
  }
})

test('a guest reads and writes a file of the server, and the password shows nowhere', async () => {
  const content = randomBytes(1_000_000)
  writeFileSync(join(share, 'of-the-host'), content)
  const booted = await box.rapido('boot', 'cifs', '--detach').outcome()
  expect(booted).toMatchObject({ status: 0, stderr: expect.stringContaining('//host/test is on /mnt/cifs') })
  const [vm] = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout)

  const read = await guest('cat /mnt/cifs/of-the-host').outcome()
  expect(read.stdoutBytes.equals(content)).toBe(true)
  await guest('cat >/mnt/cifs/of-the-guest; sync').input(content).outcome()
  expect(readFileSync(join(share, 'of-the-guest')).equals(content)).toBe(true)

  expect((await guest('stat -c "%a %U" /run/cifs-credentials').outcome()).stdout).toBe('600 root\n')
  const inGuest = await guest('env; dmesg; cat /proc/cmdline /proc/mounts /proc/[0-9]*/cmdline').outcome()
  expect(inGuest.stdout).not.toContain(secret)
  expect(booted.stdout + booted.stderr).not.toContain(secret)
  expectNowhere(secret, { box, vm })
  expect(await box.rapido('stop', '1').outcome()).toMatchObject({ status: 0 })
})

test('mount options are passed on: an encrypted mount', async () => {
  const command = 'echo sealed >/mnt/cifs/sealed; cat /mnt/cifs/sealed; grep -o "[^,]*seal" /proc/mounts'
  const run = await box.rapido('run', 'cifs', '--set', 'cifs.mount_opts=vers=3.1.1,seal', '-x', command).outcome()
  expect(run).toMatchObject({ status: 0, stdout: expect.stringContaining('sealed\nseal\n') })
  expect(readFileSync(join(share, 'sealed'), 'utf8')).toBe('sealed\n')
})

test('a wrong password fails the run, and says so', async () => {
  const run = await box.rapido('run', 'cifs', '--set', 'secrets.cifs_password.file="wrong"', '-x', 'true').outcome()
  expect(run.status).toBe(1)
  expect(run.stdout + run.stderr).toMatch(/cannot mount \/\/host\/test as root: .*LOGON_FAILURE/s)
})

test('what must be set is asked for before anything is booted, and by doctor', async () => {
  box.file('empty.toml', '')
  const needs = expect.stringContaining('needs cifs.share, cifs.user, secrets.cifs_password, not set')
  const boot = await box.rapido('boot', 'cifs', '--config', 'empty.toml').outcome()
  expect(boot).toMatchObject({ status: 2, stderr: needs })
  const doctor = await box.rapido('doctor', 'cifs', '--config', 'empty.toml').outcome()
  expect(doctor).toMatchObject({ status: 3, stdout: needs })
})

/** A shell line in the guest. */
function guest(line: string) {
  return box.rapido('exec', '1', '--', 'bash', '-c', line)
}
