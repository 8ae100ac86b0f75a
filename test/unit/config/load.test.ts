import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LoadOptions, loadSettings } from '../../../src/config/load.js'
import { RapidoError } from '../../../src/errors.js'

let root: string
let cleanup: () => Promise<void>
let options: LoadOptions

beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
  options = { cwd: join(root, 'project'), home: join(root, 'home'), env: {} }
  await mkdir(options.cwd)
})
afterEach(() => cleanup())

async function write(path: string, text: string): Promise<string> {
  const file = join(root, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

async function load(changes: Partial<LoadOptions> = {}) {
  return (await loadSettings({ ...options, ...changes })).settings
}

async function mistakes(changes: Partial<LoadOptions> = {}): Promise<string[]> {
  const error = await loadSettings({ ...options, ...changes }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(RapidoError)
  expect((error as RapidoError).code).toBe('usage')
  return (error as RapidoError).message.split('\n')
}

test('without a file, and with an empty one, every setting has its default', async () => {
  const defaults = {
    kernel: { entry: 'auto', params: [], modules: undefined },
    qemu: { binary: 'qemu-system-x86_64', extra_args: [], accel: 'auto' },
    vm: {},
    disk: {},
    network: {
      bridge: 'rapido-br',
      address: '192.168.155.1/24',
      address6: 'fd72:6170:6964:6f::1/64',
      nics: 1,
      taps: 16,
      forwards: [],
      vm: {},
    },
    image: { dracut_args: [] },
    debug: { dyndbg_modules: [], dyndbg_files: [] },
    share: { readonly: false },
    snapshot: { use: 'auto', max_size: 4096 },
    run: {
      timeout: 600_000,
      silence: 300_000,
      power_off: 'auto',
      boot_timeout: 60_000,
      fail_on: [
        'panic',
        'oops',
        'bug',
        'kasan',
        'ubsan',
        'kcsan',
        'kfence',
        'lockdep',
        'hung-task',
        'soft-lockup',
        'hard-lockup',
        'rcu-stall',
      ],
    },
    paths: { state: join(root, 'home/.local/state/rapido'), cache: join(root, 'home/.cache/rapido') },
    log: { keep: 20 },
    guest: { env: {} },
    ssh: {},
    cifs: { server: 'host' },
    multipath: { policy: 'service-time', grouping: 'multibus', checker: 'tur', no_path_retry: 'queue' },
    ceph: {
      cluster: 'auto',
      user: 'admin',
      osds: 3,
      mds: 1,
      osd_size: 10_240,
      mon_port: 3300,
      mon_port_v1: 6789,
      path: '/',
      ms_mode: 'prefer-crc',
      pool: 'rbd',
      image: 'rapido',
      rbd: {},
    },
    iscsi: {
      target_iqn: 'iqn.2003-01.org.linux-iscsi:rapido',
      initiators: [
        'iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test',
        'iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test-2',
      ],
      noop_out_interval: 1,
      noop_out_timeout: 1,
      replacement_timeout: 5,
      fast_io_fail_tmo: 1,
    },
    lio: { size: 512, delay: 100, rbd_backstore: 'iblock' },
    open_iscsi: {},
    tcmu_runner: {},
    fstests: { size: 20_480, bus: 'virtio', config: {}, test_timeout: 3_600_000 },
    kselftest: { exclude: ['breakpoints:step_after_suspend_test'] },
    blktests: { devices: ['disk'], size: 1024 },
    usb_gadget: { backing: 'zram', size: 512, speed: 'high' },
    usbip: {},
    secrets: {},
  }
  expect(await loadSettings(options)).toEqual({ settings: defaults, file: undefined })
  const file = await write('project/rapido.toml', '')
  expect(await loadSettings(options)).toEqual({ settings: defaults, file })
})

describe('the file', () => {
  test('is looked for upwards, and the nearest one alone is read', async () => {
    const outer = await write('rapido.toml', 'vm.cpus = 1\nvm.memory = "1G"')
    const inner = await write('project/rapido.toml', 'vm.cpus = 2')
    const cwd = join(root, 'project/a/b')
    await mkdir(cwd, { recursive: true })
    expect(await loadSettings({ ...options, cwd })).toMatchObject({ file: inner, settings: { vm: { cpus: 2 } } })
    expect((await load({ cwd })).vm.memory).toBeUndefined()
    expect((await loadSettings({ ...options, cwd: root })).file).toBe(outer)
  })

  test("is the user's own where there is none above", async () => {
    const own = await write('home/.config/rapido/rapido.toml', 'vm.cpus = 3')
    expect((await loadSettings(options)).file).toBe(own)
    const other = await write('xdg/rapido/rapido.toml', 'vm.cpus = 4')
    expect((await loadSettings({ ...options, env: { XDG_CONFIG_HOME: join(root, 'xdg') } })).file).toBe(other)
  })

  test('is the one that --config names, from the current folder', async () => {
    await write('project/rapido.toml', 'vm.cpus = 2')
    const named = await write('other/test.toml', 'vm.cpus = 5\nkernel.src = "linux"')
    const { file, settings } = await loadSettings({ ...options, configFile: '../other/test.toml' })
    expect(file).toBe(named)
    expect(settings).toMatchObject({ vm: { cpus: 5 }, kernel: { src: join(root, 'other/linux') } })
  })

  test('that --config names has to be there', async () => {
    expect(await mistakes({ configFile: 'no.toml' })).toEqual(['no.toml: no such file'])
    expect(await mistakes({ configFile: root })).toEqual([`${root}: this is a folder, not a file`])
  })

  test('that is no TOML is told as such', async () => {
    await write('project/rapido.toml', 'vm.cpus = two')
    expect((await mistakes())[0]).toMatch(/^rapido\.toml:1:11: this is no value/)
  })
})

describe('paths', () => {
  test('begin at the folder of the file, at home, or are absolute', async () => {
    await write(
      'project/rapido.toml',
      `kernel = { src = "linux", modules = "/m" }
       image.output = "~/out.img"
       share.path = ".."
       paths = { state = "s", cache = "~" }
       secrets = { a = { file = "key" }, b = { command = ["./get", "./key"] }, c = { command = ["pass"] } }
       qemu.binary = "qemu/build/qemu"`,
    )
    const cwd = join(root, 'project/below')
    await mkdir(cwd)
    expect(await load({ cwd })).toMatchObject({
      kernel: { src: join(root, 'project/linux'), modules: '/m' },
      image: { output: join(root, 'home/out.img') },
      share: { path: root },
      paths: { state: join(root, 'project/s'), cache: join(root, 'home') },
      secrets: {
        a: { file: join(root, 'project/key') },
        b: { command: [join(root, 'project/get'), './key'] },
        c: { command: ['pass'] },
      },
      qemu: { binary: join(root, 'project/qemu/build/qemu') },
    })
  })

  test('given with --set begin at the current folder', async () => {
    expect((await load({ sets: ['kernel.src=linux'] })).kernel.src).toBe(join(root, 'project/linux'))
  })

  test("of modules are the tree's mods folder, if there is a tree", async () => {
    expect((await load({ sets: ['kernel.src=/linux'] })).kernel.modules).toBe('/linux/mods')
    expect((await load({ sets: ['kernel.src=/linux', 'kernel.modules=/m'] })).kernel.modules).toBe('/m')
  })

  test('of state and cache follow XDG, which ignores relative folders', async () => {
    const env = { XDG_STATE_HOME: '/s', XDG_CACHE_HOME: 'c' }
    expect((await load({ env })).paths).toEqual({ state: '/s/rapido', cache: join(root, 'home/.cache/rapido') })
  })

  test("to another's home folder are refused", async () => {
    const [line] = await mistakes({ sets: ['kernel.src=~bob/linux'] })
    expect(line).toMatch(/^--set kernel\.src=~bob\/linux: "~bob\/linux" is not a path; use a path such as "~\/linux"/)
  })
})

describe('of two that set the same', () => {
  test('the profile wins over the file, and --set over both; the last --set wins', async () => {
    await write(
      'project/rapido.toml',
      'vm.cpus = 1\nvm.memory = "1G"\n[profile.simple]\nvm.cpus = 2\n[profile.other]\nvm.cpus = 9',
    )
    expect((await load()).vm).toEqual({ cpus: 1, memory: 1024 })
    expect((await load({ profile: 'simple' })).vm).toEqual({ cpus: 2, memory: 1024 })
    expect((await load({ profile: 'simple', sets: ['vm.cpus=3'] })).vm.cpus).toBe(3)
    expect((await load({ profile: 'simple', sets: ['vm.cpus=3', 'vm.cpus=4'] })).vm.cpus).toBe(4)
    expect((await load({ profile: 'simple', sets: ['profile.simple.vm.cpus=5'] })).vm.cpus).toBe(5)
    expect((await load({ sets: ['profile.simple.vm.cpus=5'] })).vm.cpus).toBe(1)
  })

  test('a list replaces a list, variables are joined, a secret has one place', async () => {
    await write(
      'project/rapido.toml',
      `kernel.params = ["a", "b"]
       guest.env = { A = "1", B = "1" }
       secrets.k.file = "/k"
       [profile.simple]
       kernel.params = ["c"]
       guest.env.B = "2"
       secrets.k.env = "K"`,
    )
    expect(await load({ profile: 'simple' })).toMatchObject({
      kernel: { params: ['c'] },
      guest: { env: { A: '1', B: '2' } },
    })
    expect((await load({ profile: 'simple' })).secrets).toEqual({ k: { env: 'K' } })
  })
})

describe('--set', () => {
  test.each([
    ['vm.memory=4G', { vm: { memory: 4096 } }],
    ['vm.memory="4G"', { vm: { memory: 4096 } }],
    ['vm.cpus=4', { vm: { cpus: 4 } }],
    ['share.readonly=true', { share: { readonly: true } }],
    ['kernel.params=["a", "b"]', { kernel: { params: ['a', 'b'] } }],
    ['kernel.release=6.1', { kernel: { release: '6.1' } }], // a number in TOML, but no number is wanted
    ['guest.env.DEBUG=1', { guest: { env: { DEBUG: '1' } } }],
    ['guest.env.LIST=["a"]', { guest: { env: { LIST: '["a"]' } } }],
    ['guest.env.EMPTY=', { guest: { env: { EMPTY: '' } } }],
    ['guest.env.OPTS=a=b # c', { guest: { env: { OPTS: 'a=b # c' } } }],
    ['guest.env.LINES=1\nvm.cpus = 9', { guest: { env: { LINES: '1\nvm.cpus = 9' } } }],
    ['run.silence=none', { run: { silence: undefined } }],
    ['run.fail_on=[]', { run: { fail_on: [] } }],
    ['secrets.key.env=KEY', { secrets: { key: { env: 'KEY' } } }],
    ['secrets."a.b"={ file = "/x" }', { secrets: { 'a.b': { file: '/x' } } }],
  ])('%s', async (set, expected) => {
    expect(await load({ sets: [set] })).toMatchObject(expected)
  })

  test.each([
    ['vm.cpus', '--set vm.cpus: no value; write --set key=value'],
    ['=4', '--set =4: not the name of a setting; write --set key=value, such as --set vm.memory=2G'],
    ['a b=4', '--set a b=4: not the name of a setting; write --set key=value, such as --set vm.memory=2G'],
    ['vm.cpu=4', '--set vm.cpu=4: unknown; did you mean vm.cpus?'],
    ['memory=4G', '--set memory=4G: unknown; did you mean vm.memory?'],
    ['vm.memory=512', '--set vm.memory=512: 512 is not a size; use a size such as 512M or 4G, in quotes'],
    ['vm={ cpu = 2 }', '--set vm={ cpu = 2 } vm.cpu: unknown; did you mean vm.cpus?'],
    ['qemu.extra_args=-s -S', '--set qemu.extra_args=-s -S: "-s -S" is not a list of strings; use ["-s", "-S"]'],
  ])('%j is answered with %j', async (set, line) => {
    expect(await mistakes({ sets: [set] })).toEqual([line])
  })
})

test('all mistakes are told at once, in the order of the file, then those of --set', async () => {
  await write(
    'project/rapido.toml',
    `KERNEL_SRC = "/usr/src/linux"
[kernel]
src = 5
params = ["quiet",
  true]
[qemu]
accel = "kmv"
extra_args = "-device virtio-rng-pci"
memory = "1G"
[vm]
cpus = 2.5
memory = "512"
[run]
timeout = "10 minutes"
fail_on = ["panik"]
[share]
readonly = "yes"
[kernl]
[guest.env]
"a-b" = "x"
N = 5
[profile.simple]
cpus = 2
vm.memroy = "1G"
`,
  )
  expect(await mistakes({ sets: ['vm.cpus=two'] })).toEqual([
    'rapido.toml:1:1 KERNEL_SRC: unknown; did you mean kernel.src?',
    'rapido.toml:3:1 kernel.src: 5 is not a path; use a path such as "~/linux" (~ is your own home folder, never another\'s)',
    'rapido.toml:5:3 kernel.params[1]: true is not a string; use "true"',
    'rapido.toml:7:1 qemu.accel: "kmv" is not known; did you mean "kvm"?',
    'rapido.toml:8:1 qemu.extra_args: "-device virtio-rng-pci" is not a list of strings; use ["-device", "virtio-rng-pci"]',
    'rapido.toml:9:1 qemu.memory: unknown; did you mean vm.memory?',
    'rapido.toml:11:1 vm.cpus: 2.5 is not a whole number from 1 to 255; use a number, without quotes',
    'rapido.toml:12:1 vm.memory: "512" is not a size; use a size such as 512M or 4G, in quotes',
    'rapido.toml:14:1 run.timeout: "10 minutes" is not a duration; use a duration such as 90s, 10m or 1h30m in quotes, at most 24d, or "none"',
    'rapido.toml:15:12 run.fail_on[0]: "panik" is not known; did you mean "panic"?',
    'rapido.toml:17:1 share.readonly: "yes" is not true or false; use true or false, without quotes',
    'rapido.toml:18:2 kernl: unknown; did you mean kernel?',
    'rapido.toml:20:1 guest.env.a-b: this name cannot be; use letters, digits and _ in the name of a variable',
    'rapido.toml:21:1 guest.env.N: 5 is not a string; use "5"',
    'rapido.toml:23:1 profile.simple.cpus: unknown; did you mean profile.simple.vm.cpus?',
    'rapido.toml:24:4 profile.simple.vm.memroy: unknown; did you mean profile.simple.vm.memory?',
    '--set vm.cpus=two: "two" is not a whole number from 1 to 255; use a number, without quotes',
  ])
})

test.each([
  [
    'kernel = 5',
    'rapido.toml:1:1 kernel: 5 is not a table; use [kernel] with src, release, modules, entry, params below it',
  ],
  [
    '[[kernel]]',
    'rapido.toml:1:3 kernel: [{}] is not a table; use [kernel] with src, release, modules, entry, params below it',
  ],
  ['profile = "simple"', 'rapido.toml:1:1 profile: "simple" is not a table; use [profile.NAME]'],
  [
    'guest.env = ["A=1"]',
    'rapido.toml:1:7 guest.env: ["A=1"] is not a table of strings; use a table such as { LANG = "C.UTF-8" }',
  ],
  ['[kernel]\nxyz = 1', 'rapido.toml:2:1 kernel.xyz: unknown; known here: src, release, modules, entry, params'],
  [
    '[nfs]',
    'rapido.toml:1:2 nfs: unknown; known here: kernel, qemu, vm, disk, network, image, debug, share, snapshot, run, paths, log, guest, ssh, cifs, multipath, ceph, iscsi, lio, open_iscsi, tcmu_runner, fstests, kselftest, blktests, usb_gadget, usbip, secrets, profile',
  ],
  [
    'run.boot_timeout = "none"',
    'rapido.toml:1:5 run.boot_timeout: "none" is not a duration; use a duration such as 90s, 10m or 1h30m in quotes, at most 24d',
  ],
  [
    'run.timeout = "40d"',
    'rapido.toml:1:5 run.timeout: "40d" is not a duration; use a duration such as 90s, 10m or 1h30m in quotes, at most 24d, or "none"',
  ],
  [
    'cifs.share = "//host/test"',
    'rapido.toml:1:6 cifs.share: "//host/test" is not the name of a share; use one such as "test"',
  ],
  [
    'cifs.mount_opts = "seal, ro"',
    'rapido.toml:1:6 cifs.mount_opts: "seal, ro" is not a list of mount options; use options with commas and no blanks, such as "vers=3.0,seal"',
  ],
  [
    'ssh.authorized_keys = "~/.ssh/id_rsa.pub"',
    'rapido.toml:1:5 ssh.authorized_keys: "~/.ssh/id_rsa.pub" is not a list of paths; use ["~/.ssh/id_rsa.pub"]',
  ],
  [
    'iscsi.initiators = ["iqn.Foo"]',
    'rapido.toml:1:21 iscsi.initiators[0]: "iqn.Foo" is not the name of an initiator; use one such as "iqn.2003-01.org.linux-iscsi:rapido", in small letters',
  ],
  [
    'iscsi.initiators = []',
    'rapido.toml:1:7 iscsi.initiators: [] has too few names of initiators; use ["iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test"]',
  ],
  ['vm.memory = "1M"', 'rapido.toml:1:4 vm.memory: "1M" is too small, or no whole number of MiB; use 64M or more'],
  ['vm.cpus = 0', 'rapido.toml:1:4 vm.cpus: 0 is not a whole number from 1 to 255; use a number, without quotes'],
  [
    'log.keep = 1979-05-27T07:32:00Z',
    'rapido.toml:1:5 log.keep: 1979-05-27T07:32:00.000Z is not a whole number from 0 to 100000; use a number, without quotes',
  ],
  [
    'kernel.params = ["a\\nb"]',
    'rapido.toml:1:18 kernel.params[0]: "a\\nb" is not one line of text; leave out line breaks and control characters',
  ],
  [
    'fstests.mount_options = \'-o "noatime"\'',
    'rapido.toml:1:9 fstests.mount_options: "-o \\"noatime\\"" is not options of a program; leave out quotes, $ and \\: they are words as check splits them',
  ],
  [
    'fstests.config."4k blocks" = {}',
    'rapido.toml:1:16 fstests.config."4k blocks": this name cannot be; use letters, digits, _ and - in the name of a configuration',
  ],
  [
    '[fstests.config.quota]\nmkfs_opts = "-c"',
    'rapido.toml:2:1 fstests.config.quota.mkfs_opts: unknown; did you mean fstests.config.quota.mkfs_options?',
  ],
  [
    'fstests.size = "1M"',
    'rapido.toml:1:9 fstests.size: "1M" is too small, or no whole number of MiB; use 64M or more',
  ],
  ['fstests.config = "quota"', 'rapido.toml:1:9 fstests.config: "quota" is not a table; use [fstests.config.NAME]'],
  [
    'kernel.src = ""',
    'rapido.toml:1:8 kernel.src: "" is not a path; use a path such as "~/linux" (~ is your own home folder, never another\'s)',
  ],
])('%j is answered with what, where and what to try', async (text, line) => {
  await write('project/rapido.toml', text)
  expect(await mistakes()).toEqual([line])
})

describe('a secret in the file', () => {
  const forms = 'use { file = "PATH" }, { env = "VARIABLE" } or { command = ["PROGRAM", "ARGUMENT"] }'

  test.each([
    ['k = "AQBvalue"', `rapido.toml:2:1 secrets.k: a value never stands in the file, only where to find it; ${forms}`],
    ['k = 5', `rapido.toml:2:1 secrets.k: a value never stands in the file, only where to find it; ${forms}`],
    [
      'k = ["AQBvalue"]',
      `rapido.toml:2:1 secrets.k: a value never stands in the file, only where to find it; ${forms}`,
    ],
    ['k = { value = "AQBvalue" }', `rapido.toml:2:1 secrets.k: "value" is no place for a secret; ${forms}`],
    [
      'k = { file = "a", env = "B" }',
      `rapido.toml:2:1 secrets.k: exactly one place is needed, and here are 2; ${forms}`,
    ],
    ['k = {}', `rapido.toml:2:1 secrets.k: exactly one place is needed, and here are 0; ${forms}`],
    ['k = { command = "pass show k" }', `rapido.toml:2:1 secrets.k: command has the wrong form; ${forms}`],
    ['k = { command = [] }', `rapido.toml:2:1 secrets.k: command has the wrong form; ${forms}`],
    [
      '"../k" = { file = "a" }',
      'rapido.toml:2:1 secrets."../k": this name cannot be; use letters, digits, _, - and . in the name of a secret',
    ],
  ])('%j is refused', async (line, told) => {
    await write('project/rapido.toml', `[secrets]\n${line}`)
    expect(await mistakes()).toEqual([told])
  })

  test('is never shown, whatever is wrong', async () => {
    await write(
      'project/rapido.toml',
      'secrets = "AQBvalue"\n[profile.simple]\nsecrets.k = "AQBvalue"\n[profile.other]\nsecrets = "AQBvalue"',
    )
    const lines = await mistakes({
      sets: ['secrets.k=AQBvalue', 'secrets=AQBvalue', 'profile.simple.secrets.k=AQBvalue', 'secrets.a b=AQBvalue'],
    })
    expect(lines).toHaveLength(7)
    expect(lines.join('\n')).not.toContain('AQB')
    expect(lines[3]).toBe(`--set secrets.k=…: a value never stands in the file, only where to find it; ${forms}`)
  })
})

test('names that mean something to JavaScript are nothing special', async () => {
  await write(
    'project/rapido.toml',
    '[guest.env]\nconstructor = "a"\ntoString = "b"\n[secrets]\nvalueOf = { env = "X" }',
  )
  const { guest, secrets } = await load()
  expect(guest.env).toEqual({ constructor: 'a', toString: 'b' })
  expect(secrets).toEqual({ valueOf: { env: 'X' } })
  await write('project/rapido.toml', 'constructor = 1\n[kernel]\ntoString = 1\n[vm."__proto__"]\ncpus = 5')
  expect((await mistakes()).slice(0, 2)).toEqual([
    expect.stringMatching(/^rapido\.toml:1:1 constructor: unknown; /),
    expect.stringMatching(/^rapido\.toml:3:1 kernel\.toString: unknown; /),
  ])
})
