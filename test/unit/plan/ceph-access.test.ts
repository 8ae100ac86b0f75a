import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { settingsSchema } from '../../../src/config/schema.js'
import {
  type CephAccess,
  cephVariables,
  clientConf,
  clientOption,
  hostOfMonitor,
  keyInKeyring,
  keyringPaths,
  loopbackMonitors,
  monitorsOf,
  parseCephConf,
} from '../../../src/plan/ceph-access.js'

const vstart = parseCephConf(readFileSync('test/fixtures/ceph/vstart.conf', 'utf8'))
const usual = parseCephConf(readFileSync('test/fixtures/ceph/usual.conf', 'utf8'))

function settings(ceph: object) {
  return { ...settingsSchema.parse({ ceph }), paths: { state: '/s', cache: '/c' } }
}

describe('a ceph.conf', () => {
  test("as vstart.sh writes it has a second [global], with the monitors, and they are of the first one's section", () => {
    const { length } = [...vstart.keys()].filter((name) => name === 'global')
    expect(length).toBe(1)
    expect(clientOption(vstart, 'admin', 'fsid')).toBe('4dbd4b2a-2f2a-4a4e-9a3e-1b6a5c0d7e11')
    expect(clientOption(vstart, 'admin', 'keyring')).toBe('/home/u/ceph/build/keyring')
    expect(clientOption(vstart, 'admin', 'osd pgp bits')).toBe('5')
    expect(monitorsOf(clientOption(vstart, 'admin', 'mon host') ?? '')).toEqual({
      v2: ['192.168.155.1:40238', '192.168.155.1:40240', '192.168.155.1:40242'],
      v1: ['192.168.155.1:40239', '192.168.155.1:40241', '192.168.155.1:40243'],
    })
  })

  test('as it is in /etc/ceph', () => {
    expect(clientOption(usual, 'admin', 'fsid')).toBe('9f82eb35-1bf6-4c27-8a28-efd62c681aa5')
    expect(clientOption(usual, 'admin', 'auth_client_required')).toBe('cephx')
    expect(monitorsOf(clientOption(usual, 'admin', 'mon_host') ?? '')).toEqual({
      v2: ['10.0.0.1:3300', '10.0.0.2:3300', '10.0.0.3:3300'],
      v1: ['10.0.0.1:6789', '10.0.0.2:6789', '10.0.0.3:6789'],
    })
  })

  // What ceph-conf of Ceph 16.2.15 makes of them.
  test.each<[string, string | undefined]>([
    ['k = v', 'v'],
    ['k=v', 'v'],
    ['  k  =  v  ', 'v'],
    ['\tk\t=\tv\t', 'v'],
    ['k = v\r', 'v'],
    ['k = a = b', 'a = b'],
    ['k =', ''],
    ['k = ""', ''],
    ['k', undefined],
    ['K = v', undefined],
    ['k = first\nk = second', 'second'],
    ['k = v ; a comment', 'v'],
    ['k = v # a comment', 'v'],
    ['k = v;w', 'v'],
    ['k = v#w', 'v'],
    ['; k = v', undefined],
    ['# k = v', undefined],
    ['k = v ; it "says" [x]', 'v'],
    ['k = a\\;b\\#c', 'a;b#c'],
    ['k = a\\\\b', 'a\\b'],
    ['k = "a b"', 'a b'],
    ["k = 'a b'", 'a b'],
    ['k = "a b" ; a comment', 'a b'],
    ['k = "a\\;b\\#c"', 'a;b#c'],
    ['k = " a "', 'a'],
    ['k = "it\'s"', "it's"],
    ['k = a "b" c', 'a "b" c'],
    ['k = a \\\n   b', 'a    b'],
    ['k = a\\\nb', 'ab'],
    ['k = a \\\r\n b', 'a  b'],
    ['# a comment \\\nk = v', 'v'],
    ['x = a\\\\\nk = v', 'v'],
    ['[other]\nk = v', undefined],
    ['[other]\n[global]\nk = v', 'v'],
    ['k = v\n[other]\nk = w\n[global] ; again\nj = x', 'v'],
    ['[other]\n[ global ]# again\nk = v', 'v'],
  ])('with the lines %j', (lines, value) => {
    expect(parseCephConf(`[global]\n${lines}\n`).get('global')?.get('k')).toBe(value)
  })

  test.each(['mon host', 'mon_host', 'mon-host', 'mon  host', 'mon\thost', '  mon host'])('may say "%s"', (key) => {
    const conf = parseCephConf(`[global]\n${key} = 10.0.0.1\n`)
    expect(['mon host', 'mon_host', 'mon-host'].map((each) => clientOption(conf, 'admin', each))).toEqual(
      Array(3).fill('10.0.0.1'),
    )
  })

  test('of a single line is of [global]; an empty one has nothing', () => {
    expect(clientOption(parseCephConf('mon host = 10.0.0.1\n'), 'admin', 'mon host')).toBe('10.0.0.1')
    expect(clientOption(parseCephConf('mon host = 10.0.0.1'), 'admin', 'mon host')).toBe('10.0.0.1')
    expect(clientOption(parseCephConf(''), 'admin', 'mon host')).toBeUndefined()
  })

  test.each<[string, string, string | undefined]>([
    ['[global]\nk = g\n[client]\nk = c\n[client.tester]\nk = t', 'tester', 't'],
    ['[client.tester]\nk = t\n[client]\nk = c\n[global]\nk = g', 'tester', 't'],
    ['[global]\nk = g\n[client]\nk = c\n[client.tester]\nk = t', 'admin', 'c'],
    ['[global]\nk = g\n[client.tester]\nk = t', 'admin', 'g'],
    ['[client]\nk =\n[global]\nk = g', 'admin', ''],
    ['[mon]\nk = m\n[client.admin.more]\nk = a', 'admin', undefined],
  ])('%j has for client.%s: %j', (text, user, value) => {
    expect(clientOption(parseCephConf(text), user, 'k')).toBe(value)
  })

  test('with names that mean something to JavaScript has nothing special', () => {
    const conf = parseCephConf('[constructor]\n__proto__ = a\n')
    expect(conf.get('constructor')?.get('__proto__')).toBeUndefined()
    expect(conf.get('constructor')?.get('_proto_')).toBe('a')
    expect(clientOption(conf, 'admin', 'toString')).toBeUndefined()
  })
})

describe('the monitors of a "mon host"', () => {
  // As Ceph 16.2.15 takes them (monmaptool --generate); names it looks up itself.
  test.each<[string, string[], string[]]>([
    ['10.0.0.1', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['10.0.0.1:3300', ['10.0.0.1:3300'], []],
    ['10.0.0.1:6789', [], ['10.0.0.1:6789']],
    ['10.0.0.1:6789/0', [], ['10.0.0.1:6789']],
    ['10.0.0.1:0', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['10.0.0.1/0', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['10.0.0.1:40001', ['10.0.0.1:40001'], ['10.0.0.1:40001']],
    ['v1:10.0.0.1', [], ['10.0.0.1:6789']],
    ['v2:10.0.0.1', ['10.0.0.1:3300'], []],
    ['v2:10.0.0.1:0/0', ['10.0.0.1:3300'], []],
    ['v1:10.0.0.1:40001', [], ['10.0.0.1:40001']],
    ['v2:10.0.0.1:40001', ['10.0.0.1:40001'], []],
    ['v1:10.0.0.1:3300', [], ['10.0.0.1:3300']],
    ['v2:10.0.0.1:6789', ['10.0.0.1:6789'], []],
    ['any:10.0.0.1', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['any:10.0.0.1:3300', ['10.0.0.1:3300'], []],
    ['[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0]', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['[v2:10.0.0.1:3300,v1:10.0.0.1:6789]', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['[v1:10.0.0.1:6789,v2:10.0.0.1:3300]', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['[v1:10.0.0.1:6789/0]', [], ['10.0.0.1:6789']],
    ['[v2:10.0.0.1:3300/4294967295]', ['10.0.0.1:3300'], []],
    ['[10.0.0.1]', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['[10.0.0.1]:6789', [], ['10.0.0.1:6789']],
    ['[10.0.0.1:6789]', [], ['10.0.0.1:6789']],
    ['[10.0.0.1:3300,10.0.0.1:6789]', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
    ['[any:10.0.0.1]', ['10.0.0.1:3300'], ['10.0.0.1:6789']],
  ])('%s', (monHost, v2, v1) => {
    expect(monitorsOf(monHost)).toEqual({ v1, v2 })
  })

  test.each([
    '10.0.0.1,10.0.0.2',
    '10.0.0.1, 10.0.0.2',
    '10.0.0.1 10.0.0.2',
    ' 10.0.0.1  10.0.0.2 ',
    '10.0.0.1;10.0.0.2',
    '10.0.0.1\t10.0.0.2',
    '[v2:10.0.0.1:3300,v1:10.0.0.1:6789] [v2:10.0.0.2:3300,v1:10.0.0.2:6789]',
    '[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0],[v2:10.0.0.2:3300/0,v1:10.0.0.2:6789/0]',
    '10.0.0.1,[v2:10.0.0.2:3300/0,v1:10.0.0.2:6789/0]',
    'v2:10.0.0.1,v1:10.0.0.1,v2:10.0.0.2,v1:10.0.0.2',
  ])('are several in: %s', (monHost) => {
    expect(monitorsOf(monHost)).toEqual({
      v2: ['10.0.0.1:3300', '10.0.0.2:3300'],
      v1: ['10.0.0.1:6789', '10.0.0.2:6789'],
    })
  })

  test.each<[string, string[], string[]]>([
    ['[fd00::1]', ['[fd00::1]:3300'], ['[fd00::1]:6789']],
    ['fd00::1', ['[fd00::1]:3300'], ['[fd00::1]:6789']],
    ['::1', ['[::1]:3300'], ['[::1]:6789']],
    ['[fd00::1]:6789', [], ['[fd00::1]:6789']],
    ['[fd00::1]:6789/0', [], ['[fd00::1]:6789']],
    ['v2:[fd00::1]:40001/0', ['[fd00::1]:40001'], []],
    ['v1:fd00::1', [], ['[fd00::1]:6789']],
    ['fd00::1/0', ['[fd00::1]:3300'], ['[fd00::1]:6789']],
    ['[v2:[fd00::1]:3300/0,v1:[fd00::1]:6789/0]', ['[fd00::1]:3300'], ['[fd00::1]:6789']],
    ['[v2:fd00::1,v1:fd00::1]', ['[fd00::1]:3300'], ['[fd00::1]:6789']],
    ['fd00::1,FD00::2', ['[fd00::1]:3300', '[FD00::2]:3300'], ['[fd00::1]:6789', '[FD00::2]:6789']],
    ['[fd00::1] 10.0.0.1', ['[fd00::1]:3300', '10.0.0.1:3300'], ['[fd00::1]:6789', '10.0.0.1:6789']],
    ['1:2:3:4:5:6:7:8', ['[1:2:3:4:5:6:7:8]:3300'], ['[1:2:3:4:5:6:7:8]:6789']],
  ])('may have IPv6: %s', (monHost, v2, v1) => {
    expect(monitorsOf(monHost)).toEqual({ v1, v2 })
  })

  test.each<[string, string[], string[]]>([
    ['mon1', ['mon1:3300'], ['mon1:6789']],
    ['mon1.example.com:6789', [], ['mon1.example.com:6789']],
    ['mon1:40001', ['mon1:40001'], ['mon1:40001']],
    ['cafe:3300', ['cafe:3300'], []],
    ['mon-a, mon-b', ['mon-a:3300', 'mon-b:3300'], ['mon-a:6789', 'mon-b:6789']],
    ['localhost,10.0.0.1', ['localhost:3300', '10.0.0.1:3300'], ['localhost:6789', '10.0.0.1:6789']],
    ['v2.example.com', ['v2.example.com:3300'], ['v2.example.com:6789']],
  ])('may be names: %s', (monHost, v2, v1) => {
    expect(monitorsOf(monHost)).toEqual({ v1, v2 })
  })

  test.each(['', ' ', ',', '[]', '[1:2:3]:6789', 'fd00::1::2'])('are none in %j', (monHost) => {
    expect(monitorsOf(monHost)).toEqual({ v1: [], v2: [] })
  })
})

describe('a keyring', () => {
  const text = readFileSync('test/fixtures/ceph/several.keyring', 'utf8')

  test.each<[string, string | undefined]>([
    ['admin', 'AQBtAAJr2e6BOxAAO7qp58dguObCZcx4fUcgAA=='],
    ['tester', 'AQBuAAJrtcmAAhAAgmieLKIpLFYfvQds2WJphg=='],
    ['rgw.a.b', 'AQBtAAJrEakaOhAAFCuVGi1qPBpPdGRVX93o0A=='],
    ['keyless', undefined],
    ['nobody', undefined],
    ['', undefined],
  ])('has the key of client.%s: %s', (user, key) => {
    expect(keyInKeyring(text, user)).toBe(key)
  })

  test('that is none has no key', () => {
    expect(keyInKeyring('', 'admin')).toBeUndefined()
    expect(keyInKeyring('\u0000\u0001binary', 'admin')).toBeUndefined()
    expect(keyInKeyring('key = AQBtAAJr==', 'admin')).toBeUndefined()
  })

  const beside = (folder: string, cluster: string, user = 'admin') =>
    [`${cluster}.client.${user}.keyring`, `${cluster}.keyring`, 'keyring'].map((name) => `${folder}/${name}`)

  test.each<[string, string, string[]]>([
    ['/etc/ceph/ceph.conf', '', beside('/etc/ceph', 'ceph')],
    ['/etc/ceph/lab.conf', '', beside('/etc/ceph', 'lab')],
    ['/etc/ceph/a.b.conf', '', beside('/etc/ceph', 'a.b')],
    ['/home/u/my-conf', '', beside('/home/u', 'ceph')],
    ['/ceph.conf', '', beside('', 'ceph')],
    ['/etc/ceph/ceph.conf', 'keyring = /k', ['/k', ...beside('/etc/ceph', 'ceph')]],
    ['/etc/ceph/ceph.conf', 'keyring =', beside('/etc/ceph', 'ceph')],
    ['/etc/ceph/ceph.conf', 'keyring = /a,/b; /c', ['/a', '/b', ...beside('/etc/ceph', 'ceph')]],
    ['/etc/ceph/ceph.conf', 'keyring = "/a, /b\\;/c"', ['/a', '/b', '/c', ...beside('/etc/ceph', 'ceph')]],
    ['/etc/ceph/ceph.conf', 'keyring = /my keys/k', ['/my keys/k', ...beside('/etc/ceph', 'ceph')]],
    [
      '/etc/ceph/lab.conf',
      'keyring = /k/$cluster.$name.keyring',
      ['/k/lab.client.admin.keyring', ...beside('/etc/ceph', 'lab')],
    ],
    [
      '/etc/ceph/lab.conf',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Ceph
      'keyring = /k/${cluster}-$type.$id/$id',
      ['/k/lab-client.admin/admin', ...beside('/etc/ceph', 'lab')],
    ],
    ['/etc/ceph/lab.conf', 'keyring = /k/$else/$constructor', ['/k/$else/$constructor', ...beside('/etc/ceph', 'lab')]],
  ])('of the user of %s with %j is looked for in %j', (path, line, paths) => {
    expect(keyringPaths(parseCephConf(`[global]\n${line}\n`), { path, user: 'admin' })).toEqual(paths)
  })

  test('is that of the user', () => {
    const conf = parseCephConf('[client]\nkeyring = /all\n[client.tester]\nkeyring = /of-$id\n')
    const paths = (user: string) => keyringPaths(conf, { path: '/etc/ceph/ceph.conf', user })
    expect(paths('tester')).toEqual(['/of-tester', ...beside('/etc/ceph', 'ceph', 'tester')])
    expect(paths('admin')).toEqual(['/all', ...beside('/etc/ceph', 'ceph')])
  })
})

const access: CephAccess = {
  fsid: '9f82eb35-1bf6-4c27-8a28-efd62c681aa5',
  monitors: { v2: ['10.0.0.1:3300', '[fd00::1]:3300'], v1: ['10.0.0.1:6789'] },
  monHost: '10.0.0.1 v2:[fd00::1]',
  user: 'tester',
  conf: '/etc/ceph/ceph.conf',
  keyring: '/etc/ceph/keyring',
}

describe('the variables of the guest', () => {
  test('say how to get to the cluster', () => {
    expect(cephVariables(access, settings({}))).toEqual({
      CEPH_CONF: '/run/rapido/ceph.conf',
      CEPH_MONITORS: '10.0.0.1:3300,[fd00::1]:3300',
      CEPH_USER: 'tester',
      CEPH_FSID: '9f82eb35-1bf6-4c27-8a28-efd62c681aa5',
      CEPH_FS: '',
      CEPH_PATH: '/',
      CEPH_MS_MODE: 'prefer-crc',
      CEPH_MOUNT_OPTS: '',
      CEPH_POOL: 'rbd',
      CEPH_IMAGE: 'rapido',
    })
  })

  test('say what to use there', () => {
    const ceph = {
      fs: 'a',
      path: '/volumes/test',
      ms_mode: 'secure',
      mount_opts: 'noatime,wsync',
      pool: 'p',
      image: 'i',
    }
    expect(cephVariables({ ...access, fsid: undefined }, settings(ceph))).toMatchObject({
      CEPH_FSID: '',
      CEPH_FS: 'a',
      CEPH_PATH: '/volumes/test',
      CEPH_MS_MODE: 'secure',
      CEPH_MOUNT_OPTS: 'noatime,wsync',
      CEPH_POOL: 'p',
      CEPH_IMAGE: 'i',
    })
  })

  test.each([
    ['legacy', '10.0.0.1:6789'],
    ['crc', '10.0.0.1:3300,[fd00::1]:3300'],
    ['prefer-secure', '10.0.0.1:3300,[fd00::1]:3300'],
  ])('in the mode %s have the monitors %s', (ms_mode, monitors) => {
    expect(cephVariables(access, settings({ ms_mode })).CEPH_MONITORS).toBe(monitors)
  })

  test.each([
    ['legacy', { v2: ['10.0.0.1:3300'], v1: [] }, 'no v1 address', 'use another mode, such as "crc"'],
    ['prefer-crc', { v2: [], v1: ['10.0.0.1:6789'] }, 'no v2 address', 'use "legacy"'],
  ])('in the mode %s need a monitor that speaks it', (ms_mode, monitors, problem, hint) => {
    expect(() => cephVariables({ ...access, monitors }, settings({ ms_mode }))).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `ceph.ms_mode = "${ms_mode}": /etc/ceph/ceph.conf has ${problem} of a monitor`,
        hint,
      }),
    )
  })
})

describe('the ceph.conf of a client, as in test/fixtures/ceph', () => {
  test.each<[string, object, Parameters<typeof clientConf>[2]]>([
    ['keyring', {}, { keyring: '/home/u/ceph/build/keyring' }],
    ['keyfile-secure', { ms_mode: 'secure' }, { keyfile: '/run/rapido/secrets/ceph_key' }],
    ['legacy', { ms_mode: 'legacy' }, { keyring: '/etc/ceph/keyring' }],
  ])('%s', async (name, ceph, key) => {
    const fsid = name === 'legacy' ? undefined : access.fsid
    const text = clientConf({ ...access, fsid }, settings(ceph), key)
    await expect(text).toMatchFileSnapshot(`../../fixtures/ceph/client-${name}.conf`)
  })

  test('leads to the same monitors', () => {
    const conf = parseCephConf(clientConf(access, settings({}), { keyring: '/k' }))
    expect(monitorsOf(clientOption(conf, 'tester', 'mon host') ?? '')).toEqual(access.monitors)
  })
})

test.each<[string, boolean]>([
  ['127.0.0.1', true],
  ['127.0.1.1:40001', true],
  ['localhost:6789', true],
  ['[::1]:3300', true],
  ['::1', true],
  ['[0:0:0:0:0:0:0:1]:6789', true],
  ['10.127.0.1', false],
  ['1.127.0.0', false],
  ['localhost.example.com', false],
  ['[fd00::1]:3300', false],
  ['[::1:1]:3300', false],
])('whether %s is on the loopback: %s', (monHost, isLoopback) => {
  const monitors = monitorsOf(monHost)
  const all = [...monitors.v2, ...monitors.v1]
  expect(all).not.toEqual([])
  expect(loopbackMonitors({ monitors })).toEqual(isLoopback ? all : [])
})

test.each([
  ['10.0.0.1:6789', '10.0.0.1'],
  ['mon1.example.com:3300', 'mon1.example.com'],
  ['[fd00::1]:6789', 'fd00::1'],
  ['[FD00:0:0::0001]:6789', 'fd00::1'],
])('the host of the monitor %s is %s', (at, host) => {
  expect(hostOfMonitor(at)).toBe(host)
})
