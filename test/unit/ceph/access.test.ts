import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readExisting, readKey, readThrowaway } from '../../../src/ceph/access.js'
import { settingsSchema } from '../../../src/config/schema.js'
import { RapidoError } from '../../../src/errors.js'
import { type ClusterPlan, clusterConf, clusterKeyring } from '../../../src/plan/ceph-cluster.js'
import { cephFiles } from '../../../src/plan/state-files.js'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-access-'))
})

afterEach(() => rmSync(root, { recursive: true }))

/** Writes a file, and returns its path. */
function write(name: string, text: string): string {
  writeFileSync(join(root, name), text)
  return join(root, name)
}

function keyring(name: string): string {
  copyFileSync('test/fixtures/ceph/several.keyring', join(root, name))
  return join(root, name)
}

/** The settings that name a conf with these lines. */
function settings(lines: string, changes: object = {}, secrets: object = {}) {
  const conf = write('ceph.conf', `[global]\n${lines}\n`)
  const parsed = settingsSchema.parse({ ceph: { conf, ...changes }, secrets })
  return { ...parsed, paths: { state: '/s', cache: '/c' } }
}

function failure(read: () => unknown): RapidoError {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(RapidoError)
    return error as RapidoError
  }
  throw new Error('it did not fail')
}

const monHost = 'mon host = 10.0.0.1'

describe('an existing cluster', () => {
  test('is what its conf says', () => {
    const access = readExisting(settings(`fsid = f\n${monHost}`, { keyring: keyring('k') }))
    expect(access).toMatchObject({
      fsid: 'f',
      monitors: { v2: ['10.0.0.1:3300'], v1: ['10.0.0.1:6789'] },
      user: 'admin',
      conf: join(root, 'ceph.conf'),
      keyring: join(root, 'k'),
    })
  })

  test('is asked as the user of the settings, who may have a section', () => {
    const lines = `fsid = f\n${monHost}\n[client.tester]\nmon host = 10.0.0.2\nkeyring = ${root}/own`
    keyring('keyring')
    expect(readExisting(settings(lines)).keyring).toBe(join(root, 'keyring'))
    keyring('own')
    expect(readExisting(settings(lines, { user: 'tester' }))).toMatchObject({
      monitors: { v2: ['10.0.0.2:3300'], v1: ['10.0.0.2:6789'] },
      user: 'tester',
      keyring: join(root, 'own'),
    })
  })

  // As Ceph 16.2.15 takes them: such an address is of messenger v1, unless it says otherwise.
  test.each<[string, string[], string[]]>([
    ['[mon.a]\nmon addr = 10.0.0.1\n[mon.b]\nmon_addr = 10.0.0.2:40001', [], ['10.0.0.1:6789', '10.0.0.2:40001']],
    ['[mon.a]\nhost = vm\nmon addr = [fd00::1]:6789', [], ['[fd00::1]:6789']],
    ['[mon.a]\nmon addr = v2:10.0.0.1:3300', ['10.0.0.1:3300'], []],
    ['[mon.a]\nmon addr = any:10.0.0.1', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['mon host =\n[mon.a]\nmon addr = 10.0.0.1', [], ['10.0.0.1:6789']],
    ['mon host = 10.0.0.9\n[mon.a]\nmon addr = 10.0.0.1', ['10.0.0.9:3300'], ['10.0.0.9:6789']],
    ['[mon.a]\nhost = mon1\n[mon.b]\nhost = mon2', ['mon1:3300', 'mon2:3300'], ['mon1:6789', 'mon2:6789']],
    ['[mon]\nhost = nobody\n[mon.a]\nmon addr = 10.0.0.1', [], ['10.0.0.1:6789']],
  ])('may have a section for each monitor: %j', (lines, v2, v1) => {
    expect(readExisting(settings(lines, { keyring: keyring('k') })).monitors).toEqual({ v2, v1 })
  })

  test.each(['', 'mon host =', 'mon host = ,', '[mon]\nhost = vm', '[mon.a]\nmon data = /d'])(
    'has to name a monitor, which %j does not',
    (lines) => {
      expect(failure(() => readExisting(settings(lines)))).toMatchObject({
        code: 'usage',
        message: `${root}/ceph.conf names no monitor`,
        hint: 'it needs a line such as mon host = 10.0.0.1',
      })
    },
  )

  test.each([
    ['none.conf', 'ENOENT'],
    ['.', 'EISDIR'],
  ])('has to have a conf that can be read, which %s cannot: %s', (name, code) => {
    const conf = join(root, name)
    expect(failure(() => readExisting(settings('', { conf })))).toMatchObject({
      code: 'usage',
      message: `cannot read ceph.conf at ${conf}: ${code}`,
      hint: 'ceph.conf of rapido.toml names it; `rapido ceph up` makes a cluster of its own',
    })
  })
})

describe('the keyring of an existing cluster', () => {
  test('is the first of those that there are', () => {
    const found = () => readExisting(settings(`${monHost}\nkeyring = ${root}/named, ${root}/named.too`)).keyring
    for (const name of ['keyring', 'ceph.keyring', 'ceph.client.admin.keyring', 'named.too', 'named']) {
      keyring(name)
      expect(found()).toBe(join(root, name))
    }
  })

  test('is not looked for where the settings name one', () => {
    keyring('keyring')
    const none = join(root, 'none')
    expect(failure(() => readExisting(settings(monHost, { keyring: none })))).toMatchObject({
      code: 'usage',
      message: `there is no keyring of client.admin: no ${none}`,
      hint: 'name it with ceph.keyring, or the key with secrets.ceph_key in rapido.toml',
    })
  })

  test('is not needed where the key is a secret', () => {
    const secrets = { ceph_key: { env: 'KEY' } }
    expect(readExisting(settings(monHost, {}, secrets)).keyring).toBeUndefined()
    expect(readExisting(settings(monHost, { keyring: keyring('k') }, secrets)).keyring).toBeUndefined()
  })

  test('that is nowhere is told with all places', () => {
    expect(failure(() => readExisting(settings(monHost))).message).toBe(
      `there is no keyring of client.admin: no ${root}/ceph.client.admin.keyring, no ${root}/ceph.keyring, no ${root}/keyring`,
    )
  })

  test('of somebody else is told with those that it is of', () => {
    const own = settings(monHost, { user: 'nobody', keyring: keyring('k') })
    expect(failure(() => readExisting(own))).toMatchObject({
      code: 'usage',
      message: `${root}/k has no key of client.nobody`,
      hint: 'it has those of client.admin, client.tester, client.keyless, client.rgw.a.b; ceph.user chooses one',
    })
  })

  test('of no client is told as such', () => {
    expect(failure(() => readKey(write('k', '[mon.]\nkey = AQBsecret==\n'), 'admin'))).toMatchObject({
      code: 'usage',
      hint: 'it has none of a client',
    })
  })

  test('that cannot be read is told with why', () => {
    mkdirSync(join(root, 'k'))
    expect(failure(() => readKey(join(root, 'k'), 'admin'))).toMatchObject({
      code: 'host',
      message: `cannot read the keyring ${root}/k: EISDIR`,
    })
  })

  test('is never in a message', () => {
    const path = write('k', '[client.other]\nkey = AQBsecret==\n[client.admin]\nAQBsecret==\n')
    const { message, hint } = failure(() => readKey(path, 'admin'))
    expect(message + hint).not.toContain('AQBsecret')
  })
})

test('the throwaway cluster is read from its own files', () => {
  const files = cephFiles(root)
  mkdirSync(files.folder)
  const plan: ClusterPlan = {
    fsid: 'f',
    address: '10.0.0.1',
    ports: { v2: 3301, v1: 6790 },
    osds: 1,
    mds: 0,
    osdMiB: 1,
  }
  const programs = { folder: undefined, env: {}, conf: [], python: 'python3' }
  writeFileSync(files.conf, clusterConf(plan, programs, { files, mgrModules: [] }))
  writeFileSync(
    files.keyring,
    clusterKeyring(plan, (name) => `key-of-${name}`),
  )
  const access = readThrowaway(files)
  expect(access).toMatchObject({
    fsid: 'f',
    monitors: { v2: ['10.0.0.1:3301'], v1: ['10.0.0.1:6790'] },
    user: 'admin',
    conf: files.conf,
    keyring: files.keyring,
  })
  expect(readKey(files.keyring, access.user)).toBe('key-of-client.admin')
})
