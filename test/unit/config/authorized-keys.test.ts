import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readAuthorizedKeys } from '../../../src/config/authorized-keys.js'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rapido-keys-'))
  mkdirSync(join(home, '.ssh'))
})

afterEach(() => rmSync(home, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(home, name), text)
  return join(home, name)
}

function keys(authorized_keys?: string[]): Promise<string> {
  return readAuthorizedKeys({ ssh: { authorized_keys } }, home)
}

test('of the files that are named, all keys are taken, one a line', async () => {
  const one = file('one.pub', 'ssh-ed25519 AAAA one\n')
  const more = file('more', '# of the team\n\nssh-rsa BBBB two\nfrom="10.0.0.1" ssh-rsa CCCC three')
  expect(await keys([one, more])).toBe('ssh-ed25519 AAAA one\nssh-rsa BBBB two\nfrom="10.0.0.1" ssh-rsa CCCC three\n')
})

test("without any named, the user's own public keys and those who may log in to this host", async () => {
  file('.ssh/id_rsa.pub', 'ssh-rsa BBBB own\n')
  file('.ssh/id_rsa', '-----BEGIN OPENSSH PRIVATE KEY-----\n')
  file('.ssh/authorized_keys', 'ssh-ed25519 AAAA laptop\n')
  file('.ssh/known_hosts', 'host ssh-ed25519 DDDD\n')
  expect(await keys()).toBe('ssh-ed25519 AAAA laptop\nssh-rsa BBBB own\n')
})

test('no key at all is a mistake, for nobody could log in', async () => {
  await expect(keys()).rejects.toThrow(
    `nobody could log in to the guest by ssh: there is no public key in ${home}/.ssh`,
  )
  const empty = file('empty.pub', '# none\n')
  await expect(keys([empty])).rejects.toThrow('ssh.authorized_keys names no key')
  await expect(keys([])).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('ssh-keygen') })
})

test('a file that is not there is named', async () => {
  await expect(keys([join(home, 'no.pub')])).rejects.toThrow(`ssh.authorized_keys: ${home}/no.pub: no such file`)
})

test('a private key is refused, and none of it is in the message', async () => {
  const key = file('id_x', '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n')
  await expect(keys([key])).rejects.toMatchObject({
    message: `ssh.authorized_keys: ${key} is a private key, which goes nowhere`,
    hint: `name the public one: ${key}.pub`,
  })
})
