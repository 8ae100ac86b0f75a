import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listProfiles, loadProfile, type ProfileSearch } from '../../../src/config/profiles.js'
import { RapidoError } from '../../../src/errors.js'
import { packageFile, packageRoot } from '../../../src/host/package-root.js'

let root: string
let cleanup: () => Promise<void>
let search: ProfileSearch

beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
  search = { cwd: join(root, 'project'), home: join(root, 'home'), env: {} }
  await mkdir(search.cwd)
})
afterEach(() => cleanup())

async function makeProfile(folder: string, toml = 'summary = "A test"'): Promise<string> {
  const path = join(root, folder)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'profile.toml'), toml)
  await writeFile(join(path, 'boot.sh'), 'true\n')
  return path
}

async function failure(name = 'mine'): Promise<RapidoError> {
  const error = await loadProfile(name, search).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(RapidoError)
  expect((error as RapidoError).code).toBe('usage')
  return error as RapidoError
}

test('a file of a disk is taken from the folder of the profile, as an include is', async () => {
  const disks = ['root.img', '/dev/sdz', '~/own.img', '{kernel.src}/x.img'].map(
    (file, index) => `[[machine.disk]]\nid = "d${index}"\nfile = "${file}"`,
  )
  const folder = await makeProfile('project/profiles/mine', ['summary = "A test"', ...disks].join('\n'))
  const { machine } = await loadProfile('mine', search)
  const files = machine.disk.map(({ file }) => file)
  expect(files).toEqual([join(folder, 'root.img'), '/dev/sdz', join(search.home, 'own.img'), '{kernel.src}/x.img'])
})

test('the shortest profile has every default', async () => {
  const folder = await makeProfile('project/profiles/mine')
  expect(await loadProfile('mine', search)).toEqual({
    name: 'mine',
    folder,
    bootScript: join(folder, 'boot.sh'),
    origin: 'project',
    summary: 'A test',
    network: 'none',
    snapshot: 'ready',
    ceph: 'none',
    image: {
      install: [],
      tools: false,
      install_optional: [],
      include: [],
      trees: [],
      drivers: [],
      drivers_optional: [],
      dracut_modules: [],
    },
    machine: { disk: [], cpus: 2, memory: 512 },
    requires: { settings: [], kernel: [] },
    boot: { include: [], cwd: '/root', ssh: false, env: {} },
    suite: { format: 'tap', test_timeout: 600_000 },
    template: false,
    group: {},
    when: [],
  })
})

test('a profile that says everything is read as written, paths made absolute', async () => {
  const folder = await makeProfile(
    'project/profiles/mine',
    `summary = "All of it"
network = "bridge"
[image]
install = ["strace", "./mine.sh", "~/bin/x", "{kernel.src}/tools/perf/perf"]
install_optional = ["vim", "sub/y"]
include = [
  { from = "mine.conf", to = "/etc/mine.conf" },
  { from = "{kernel.src}/x", to = "/x" },
]
drivers = ["virtio_scsi", "dm-multipath"]
drivers_optional = ["scsi_dh_alua"]
dracut_modules = ["multipath"]
[machine]
cpus = 4
memory = "1G"
[requires]
settings = ["kernel.src", "secrets.key", "guest.env.X"]
kernel = ["DM_MULTIPATH"]
[boot]
env = { MNT = "/mnt/test" }
include = [{ from = "mine.conf", to = "/mine.sh" }, { from = "{usb_gadget.script}", to = "/own.sh" }]
[[when]]
setting = "iscsi.chap_user"
settings = ["secrets.chap_password"]
install = ["./mine.sh", "x"]
`,
  )
  await writeFile(join(folder, 'mine.conf'), '')
  expect(await loadProfile('mine', search)).toMatchObject({
    network: 'bridge',
    image: {
      install: ['strace', join(folder, 'mine.sh'), join(root, 'home/bin/x'), '{kernel.src}/tools/perf/perf'],
      install_optional: ['vim', join(folder, 'sub/y')],
      include: [
        { from: join(folder, 'mine.conf'), to: '/etc/mine.conf' },
        { from: '{kernel.src}/x', to: '/x' },
      ],
      drivers: ['virtio_scsi', 'dm-multipath'],
      drivers_optional: ['scsi_dh_alua'],
      dracut_modules: ['multipath'],
    },
    machine: { cpus: 4, memory: 1024 },
    requires: { settings: ['kernel.src', 'secrets.key', 'guest.env.X'], kernel: ['DM_MULTIPATH'] },
    boot: {
      env: { MNT: '/mnt/test' },
      include: [
        { from: join(folder, 'mine.conf'), to: '/mine.sh' },
        { from: '{usb_gadget.script}', to: '/own.sh' },
      ],
    },
    when: [
      { setting: 'iscsi.chap_user', settings: ['secrets.chap_password'], install: [join(folder, 'mine.sh'), 'x'] },
    ],
  })
})

describe('of several profiles of one name', () => {
  test("the project's wins, then the user's, then the shipped one", async () => {
    expect((await loadProfile('simple', search)).origin).toBe('shipped')
    await makeProfile('home/.config/rapido/profiles/simple')
    expect((await loadProfile('simple', search)).origin).toBe('user')
    await makeProfile('project/profiles/simple')
    expect((await loadProfile('simple', search)).origin).toBe('project')
  })

  test('the list has all, the winner first, the others marked', async () => {
    await makeProfile('project/profiles/simple', 'summary = "Ours"')
    await makeProfile('project/profiles/zzz')
    await makeProfile('xdg/rapido/profiles/simple')
    const list = await listProfiles({ ...search, env: { XDG_CONFIG_HOME: join(root, 'xdg') } })
    const simple = list.filter(({ name }) => name === 'simple')
    expect(simple.map(({ origin, shadowed }) => [origin, shadowed])).toEqual([
      ['project', false],
      ['user', true],
      ['shipped', true],
    ])
    expect(simple[0]).toEqual({
      name: 'simple',
      summary: 'Ours',
      folder: join(root, 'project/profiles/simple'),
      origin: 'project',
      shadowed: false,
      template: false,
      extends: undefined,
      problem: undefined,
    })
    expect(list.at(-1)?.name).toBe('zzz')
  })

  test("in rapido's own source tree the shipped ones are listed once", async () => {
    const list = await listProfiles({ ...search, cwd: packageRoot })
    expect(list.filter(({ name }) => name === 'simple')).toMatchObject([{ origin: 'shipped', shadowed: false }])
  })
})

test('a profile may be a link to a folder', async () => {
  await makeProfile('elsewhere')
  await mkdir(join(search.cwd, 'profiles'))
  await symlink(join(root, 'elsewhere'), join(search.cwd, 'profiles/linked'))
  expect((await loadProfile('linked', search)).summary).toBe('A test')
})

test('a broken profile is listed with its mistakes, and what is no profile is not', async () => {
  await makeProfile('project/profiles/broken', 'sumary = "x"')
  await makeProfile('project/profiles/worse', 'summary = x')
  await mkdir(join(search.cwd, 'profiles/folder'))
  await writeFile(join(search.cwd, 'profiles/README'), '')
  const list = (await listProfiles(search)).filter(({ origin }) => origin === 'project')
  expect(list).toMatchObject([
    { name: 'broken', summary: '', problem: expect.stringContaining('sumary: unknown; did you mean summary?') },
    {
      name: 'worse',
      summary: '',
      problem: expect.stringContaining('profiles/worse/profile.toml:1:11: this is no value'),
    },
  ])
})

describe('an unknown profile', () => {
  test('is answered with the nearest one', async () => {
    await makeProfile('project/profiles/cephfs')
    const { message, hint } = await failure('cepfs')
    expect(message).toBe('no profile "cepfs"; did you mean "cephfs"?')
    expect(hint).toMatch(/^there are .*\bcephfs, .*simple.*; `rapido list` says more$/)
  })

  test.each(['frobnicate', '', '.', '..', 'profiles/simple', '../profiles/simple'])(
    '%j is near to none',
    async (name) => {
      expect((await failure(name)).message).toMatch(/^no profile ".*"$/)
    },
  )

  test('whose folder is there lacks a profile.toml', async () => {
    const folder = await makeProfile('project/profiles/mine')
    await rm(join(folder, 'profile.toml'))
    expect((await failure()).message).toBe('profiles/mine is no profile: it has no profile.toml')
  })
})

test('all mistakes of a profile are told at once, with what is missing beside it', async () => {
  const folder = await makeProfile(
    'project/profiles/mine',
    `sumary = "x"
network = "nat"
[image]
install = ["a b", "-x", "{kernel.scr}/x", "{kernel.params}"]
instal_optional = []
drivers = ["virtio_scsi.ko"]
include = [
  { from = "no.conf", to = "/etc/no.conf" },
  { from = "{kernal.src}/x", to = "etc/x" },
  { form = "x", to = "/x" },
]
[machine]
memory = 512
[[machine.disk]]
id = "HD"
[requires]
settings = ["kernel.sources", "secrets."]
kernel = ["CONFIG_DM_MULTIPATH"]
[boot.env]
"A B" = "x"
PASSWORD = "{secrets.cifs_password}"
`,
  )
  await rm(join(folder, 'boot.sh'))
  const at = (place: string) => `profiles/mine/profile.toml:${place}`
  const program = 'is not the name of a program; use one string a program, its name on PATH or its path'
  expect((await failure()).message.split('\n')).toEqual([
    at('1:1 summary: missing; say in a few words what the profile is for'),
    at('1:1 sumary: unknown; did you mean summary?'),
    at('2:1 network: "nat" is not known; use one of "none", "user", "bridge"'),
    at(`4:12 image.install[0]: "a b" ${program}`),
    at(`4:19 image.install[1]: "-x" ${program}`),
    at('4:25 image.install[2]: "{kernel.scr}/x" names no setting; did you mean kernel.src?'),
    at(
      '4:43 image.install[3]: "{kernel.params}" names kernel.params, which is a list of strings; only text can stand here',
    ),
    at('5:1 image.instal_optional: unknown; did you mean image.install_optional?'),
    at('6:12 image.drivers[0]: "virtio_scsi.ko" is not the name of a module; use one string a module, without .ko'),
    at(`8:5 image.include[0].from: ${folder}/no.conf does not exist; a relative path starts at the profile's folder`),
    at('9:5 image.include[1].from: "{kernal.src}/x" names no setting; did you mean kernel.src?'),
    at('9:30 image.include[1].to: "etc/x" is not an absolute path; use a path in the guest, such as "/etc/x.conf"'),
    at('10:3 image.include[2].from: missing; use the path of a file'),
    at('10:5 image.include[2].form: unknown; did you mean image.include[2].from?'),
    at('13:1 machine.memory: 512 is not a size; use a size such as 512M or 4G, in quotes'),
    at('15:1 machine.disk[0].id: "HD" is not the name of a disk; use small letters and digits'),
    at('17:13 requires.settings[0]: "kernel.sources" is no setting; did you mean kernel.src?'),
    at('17:31 requires.settings[1]: "secrets." is no setting; did you mean secrets.NAME?'),
    at(
      '18:11 requires.kernel[0]: "CONFIG_DM_MULTIPATH" is not the name of a kernel option; use the name without CONFIG_, such as "DM_MULTIPATH"',
    ),
    at('20:1 boot.env."A B": this name cannot be; use letters, digits and _ in the name of a variable'),
    at(
      '21:1 boot.env.PASSWORD: "{secrets.cifs_password}" names secrets.cifs_password, which is a reference; only text can stand here',
    ),
    'profiles/mine/boot.sh: no such file; every profile has one',
  ])
})

test('a profile.toml that cannot be read is told as such', async () => {
  const folder = await makeProfile('project/profiles/mine')
  await rm(join(folder, 'profile.toml'))
  await mkdir(join(folder, 'profile.toml'))
  expect((await failure()).message).toBe('profiles/mine/profile.toml: this is a folder, not a file')
})

test('the shipped profiles have no mistake', async () => {
  const list = await listProfiles(search)
  expect(list.length).toBeGreaterThan(0)
  for (const { name, problem, summary, folder } of list) {
    expect(problem, name).toBeUndefined()
    expect(summary.length, name).toBeLessThan(80)
    expect(folder).toBe(packageFile(`profiles/${name}`))
  }
})

test('simple needs nothing that a distribution may lack', async () => {
  const { network, requires, image } = await loadProfile('simple', search)
  expect({ network, requires, include: image.include }).toEqual({
    network: 'none',
    requires: { settings: [], kernel: [] },
    include: [],
  })
})

test('a condition that can never hold is a mistake', async () => {
  const conditions = [
    ['usb_gadget.backing', 'crpyt'],
    ['lio.size', '1G'],
    ['usb_gadget.backing', 'crypt'],
    ['multipath.no_path_retry', '5'],
  ].map(([setting, is]) => `[[when]]\nsetting = "${setting}"\nis = "${is}"`)
  await makeProfile('project/profiles/mine', ['summary = "A test"', ...conditions].join('\n'))
  expect((await failure()).message.split('\n')).toEqual([
    'profiles/mine/profile.toml:4:1 when[0].is: "crpyt" never holds: usb_gadget.backing is one of "zram", "crypt", "rbd"',
    'profiles/mine/profile.toml:7:1 when[1].is: "1G" never holds: lio.size is a size, which has no value to ask for here',
  ])
})
