import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readinessOf } from '../../../src/runs/can-run.js'

let root: string
let cleanup: () => Promise<void>
beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
})
afterEach(() => cleanup())

async function makeProfile(name: string, toml: string): Promise<void> {
  const folder = join(root, 'profiles', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'profile.toml'), `summary = "A test"\n${toml}`)
  await writeFile(join(folder, 'boot.sh'), '')
}

async function problemsOf(name: string, options: { withSettings: boolean; sets?: string[] }): Promise<string[]> {
  const { problems } = await readinessOf(name, { cwd: root, home: root, env: {}, sets: options.sets }, options)
  return problems.map(({ message, hint }) => `${message}\n${hint ?? ''}`)
}

const needy = `network = "bridge"
ceph = "cephfs"
[image]
install = ["no-such-program", "tcpdump-no-such"]
drivers = ["no_such_driver"]
[requires]
settings = ["cifs.share"]
kernel = ["NO_SUCH_OPTION"]
[[when]]
setting = "iscsi.chap_user"
settings = ["secrets.chap_password"]
drivers = ["no_other_driver"]
`

test('a profile that needs nothing special can run', async () => {
  await makeProfile('plain', '')
  expect(await problemsOf('plain', { withSettings: true })).toEqual([])
})

test('all that a profile lacks is found, of every kind, and in what its settings add', async () => {
  await makeProfile('needy', needy)
  const sets = ['qemu.binary=/no/qemu', 'ceph.src=/no/ceph', 'iscsi.chap_user=me']
  const told = (await problemsOf('needy', { withSettings: true, sets })).join('\n')
  expect(told).toContain('needs cifs.share, secrets.chap_password, not set in rapido.toml')
  expect(told).toContain('there is no /no/qemu')
  expect(told).toContain('/no/ceph/build/bin has no ceph-mon')
  expect(told).toContain('program no-such-program')
  expect(told).toContain('program tcpdump-no-such')
  expect(told).toContain('driver no_such_driver')
  expect(told).toContain('driver no_other_driver')
  expect(told).toContain('kernel option NO_SUCH_OPTION')
})

test('disks on zram that this host has no memory for are a problem', async () => {
  await makeProfile('plain', '')
  const sets = ['disk.big.size=900T', 'disk.big.bus=zram']
  expect(await problemsOf('plain', { withSettings: true, sets })).toEqual([
    expect.stringMatching(
      /^profile "plain": with its disks on zram \(big\) the VM has 943718912 MiB .*\n.*disk\.big\.size=/,
    ),
  ])
})

test('settings count for who asks for this profile alone', async () => {
  await makeProfile('share', '[requires]\nsettings = ["cifs.share"]')
  expect(await problemsOf('share', { withSettings: false })).toEqual([])
  expect(await problemsOf('share', { withSettings: true })).toHaveLength(1)
})

test('a group lacks what its members lack, each by its role', async () => {
  await makeProfile('plain', '')
  await makeProfile('driverless', '[image]\ndrivers = ["no_such_driver"]')
  await makeProfile('both', '[group]\ntarget = "driverless"\ninitiator = "plain"')
  const [problem, ...more] = await problemsOf('both', { withSettings: true })
  expect(more).toEqual([])
  expect(problem).toMatch(/^target: profile "driverless" needs what is not there:\n {2}driver no_such_driver/)
})

test('a group in a group, or in itself, is a problem and no loop', async () => {
  await makeProfile('round', '[group]\nself = "round"')
  expect(await problemsOf('round', { withSettings: true })).toEqual([
    expect.stringContaining('self: profile "round" is a group of machines: self (round)'),
  ])
})
