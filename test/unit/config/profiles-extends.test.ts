import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listProfiles, loadProfile, type ProfileSearch } from '../../../src/config/profiles.js'
import { RapidoError } from '../../../src/errors.js'
import { packageFile } from '../../../src/host/package-root.js'

let root: string
let cleanup: () => Promise<void>
let search: ProfileSearch

beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
  search = { cwd: join(root, 'project'), home: join(root, 'home'), env: {} }
  await mkdir(search.cwd)
})
afterEach(() => cleanup())

/** Makes a profile in the project; `bootScript: false` makes one without a boot.sh. */
async function make(name: string, toml: string, { bootScript = true, below = 'project' } = {}): Promise<string> {
  const folder = join(root, below, 'profiles', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'profile.toml'), `summary = "${name}"\n${toml}`)
  if (bootScript) await writeFile(join(folder, 'boot.sh'), '')
  return folder
}

async function failure(name = 'mine'): Promise<RapidoError> {
  const error = await loadProfile(name, search).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(RapidoError)
  expect((error as RapidoError).code).toBe('usage')
  return error as RapidoError
}

test('a profile has all of the one that it extends, and its own name, summary and folder', async () => {
  await make(
    'base',
    'template = true\nnetwork = "user"\n[image]\ninstall = ["ls"]\n[machine]\nmemory = "2G"\n[boot]\ncwd = "/opt"',
  )
  const folder = await make('mine', 'extends = "base"\n[image]\ninstall = ["mkfs.xfs"]\n[machine]\ncpus = 8')
  expect(await loadProfile('mine', search)).toMatchObject({
    name: 'mine',
    folder,
    summary: 'mine',
    origin: 'project',
    extends: 'base',
    template: false,
    network: 'user',
    image: { install: ['ls', 'mkfs.xfs'], tools: false },
    machine: { cpus: 8, memory: 2048 },
    boot: { cwd: '/opt' },
  })
})

test('what a profile leaves out is that of the one below it, not the default', async () => {
  await make('base', '[machine]\ncpus = 7')
  await make('mine', 'extends = "base"\n[machine]\nmemory = "1G"')
  expect((await loadProfile('mine', search)).machine).toEqual({ cpus: 7, memory: 1024, disk: [] })
})

test('of three that extend each other the uppermost wins', async () => {
  await make('base', '[boot.env]\nA = "base"\nB = "base"\nC = "base"')
  await make('middle', 'extends = "base"\n[boot.env]\nB = "middle"\nC = "middle"')
  await make('mine', 'extends = "middle"\n[boot.env]\nC = "mine"')
  expect((await loadProfile('mine', search)).boot.env).toEqual({ A: 'base', B: 'middle', C: 'mine' })
})

test('boot.sh is its own, if it has any, else that of the nearest below that has one', async () => {
  const base = await make('base', '')
  await make('middle', 'extends = "base"', { bootScript: false })
  await make('mine', 'extends = "middle"', { bootScript: false })
  expect((await loadProfile('mine', search)).bootScript).toBe(join(base, 'boot.sh'))
  const folder = await make('mine', 'extends = "middle"')
  expect((await loadProfile('mine', search)).bootScript).toBe(join(folder, 'boot.sh'))
})

test('a base without boot.sh is broken itself, and told as such', async () => {
  await make('base', '', { bootScript: false })
  await make('mine', 'extends = "base"')
  expect((await failure()).message).toBe(
    'profile "mine" extends "base": profiles/base/boot.sh: no such file; every profile has one',
  )
})

test('paths are taken from the folder of the profile that has them', async () => {
  const base = await make('base', '[boot]\ninclude = [{ from = "x.sh", to = "/x.sh" }]\n[image]\ninstall = ["./tool"]')
  await writeFile(join(base, 'x.sh'), '')
  const folder = await make('mine', 'extends = "base"\n[image]\ninstall = ["./tool"]')
  const { boot, image } = await loadProfile('mine', search)
  expect(boot.include).toEqual([{ from: join(base, 'x.sh'), to: '/x.sh' }])
  expect(image.install).toEqual([join(base, 'tool'), join(folder, 'tool')])
})

test('disks are told apart by id', async () => {
  await make('base', '[[machine.disk]]\nid = "test"\nsize = "{fstests.size}"\nserial = "TEST_DEV"')
  await make(
    'mine',
    'extends = "base"\n[[machine.disk]]\nid = "log"\nsize = "1G"\n[[machine.disk]]\nid = "test"\nbus = "scsi"',
  )
  expect((await loadProfile('mine', search)).machine.disk).toMatchObject([
    { id: 'test', size: '{fstests.size}', serial: 'TEST_DEV', bus: 'scsi' },
    { id: 'log', size: 1024 },
  ])
})

test('mistakes of the base are told with the names of both', async () => {
  await make('base', 'nework = "user"\nceph = "x"')
  await make('middle', 'extends = "base"')
  await make('mine', 'extends = "middle"')
  expect((await failure()).message).toBe(
    `profile "mine" extends "middle": profile "middle" extends "base": profiles/base/profile.toml:2:1 nework: unknown; did you mean network?
profiles/base/profile.toml:3:1 ceph: "x" is not known; use one of "none", "cluster", "cephfs", "rbd"`,
  )
})

test('its own mistakes are told first, a missing base after them', async () => {
  await make('mine', 'extends = "nosuch"\nnework = "user"')
  expect((await failure()).message).toBe('profiles/mine/profile.toml:3:1 nework: unknown; did you mean network?')
})

test('an unknown base is answered with the nearest', async () => {
  await make('mine', 'extends = "fstest"')
  const { message, hint } = await failure()
  expect(message).toBe('profile "mine" extends "fstest": no profile "fstest"; did you mean "fstests"?')
  expect(hint).toContain('`rapido list` says more')
})

test.each<[string, Record<string, string>, string]>([
  ['itself', { mine: 'mine' }, 'profile "mine" extends "mine", which extends it'],
  ['one another', { mine: 'b', b: 'mine' }, 'profile "mine" extends "b": profile "b" extends "mine", which extends it'],
  [
    'in a ring below',
    { mine: 'b', b: 'c', c: 'b' },
    'profile "mine" extends "b": profile "b" extends "c": profile "c" extends "b", which extends it',
  ],
])('profiles that extend %s are told, and listed as broken', async (_, profiles, message) => {
  for (const [name, below] of Object.entries(profiles)) await make(name, `extends = "${below}"`)
  expect((await failure()).message).toBe(message)
  const own = (await listProfiles(search)).filter(({ origin }) => origin === 'project')
  expect(own.every(({ problem }) => problem?.includes('which extends it'))).toBe(true)
})

test('one of the same name as a shipped one extends that one', async () => {
  await make('simple', 'extends = "simple"\n[machine]\nmemory = "3G"', { bootScript: false })
  const { origin, machine, bootScript } = await loadProfile('simple', search)
  expect({ origin, memory: machine.memory, bootScript }).toEqual({
    origin: 'project',
    memory: 3072,
    bootScript: packageFile('profiles/simple/boot.sh'),
  })
})

test("the project's over the user's over the shipped one of one name", async () => {
  await make('simple', 'extends = "simple"\n[boot.env]\nA = "project"\nB = "project"')
  await make('simple', 'extends = "simple"\n[boot.env]\nA = "user"\nC = "user"', { below: 'home/.config/rapido' })
  const { boot } = await loadProfile('simple', search)
  expect(boot.env).toEqual({ A: 'project', B: 'project', C: 'user' })
})

test('a template is listed as one, and a profile over it is none, with what it extends', async () => {
  await make('base', 'template = true')
  await make('mine', 'extends = "base"')
  const own = (await listProfiles(search)).filter(({ origin }) => origin === 'project')
  expect(own).toMatchObject([
    { name: 'base', template: true, extends: undefined, problem: undefined },
    { name: 'mine', template: false, extends: 'base', problem: undefined },
  ])
})

test('the shipped profiles of fstests extend the one that is a template', async () => {
  const shipped = (await listProfiles(search)).filter(({ name }) => name.startsWith('fstests'))
  expect(shipped.filter(({ template }) => template).map(({ name }) => name)).toContain('fstests')
  const xfs = await loadProfile('fstests-xfs', search)
  expect(xfs.image.drivers).toContain('xfs')
  expect(xfs.machine.disk.map(({ serial }) => serial)).toEqual(expect.arrayContaining(['TEST_DEV', 'SCRATCH_DEV']))
  expect(await readFile(xfs.bootScript, 'utf8')).toContain('fstests')
})
