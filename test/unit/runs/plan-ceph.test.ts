import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Profile } from '../../../src/config/profile.js'
import { type Settings, settingsSchema } from '../../../src/config/schema.js'
import { commandLineOf } from '../../../src/host/processes.js'
import type { ClusterPlan } from '../../../src/plan/ceph-cluster.js'
import type { DiskPlan } from '../../../src/plan/disks.js'
import type { NetworkChoice } from '../../../src/plan/network.js'
import { cephFiles } from '../../../src/plan/state-files.js'
import { type CephPlan, planCeph } from '../../../src/runs/plan-ceph.js'
import { until } from '../../helpers/until.js'

let root: string
let keeper: ChildProcess | undefined

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-plan-ceph-'))
  copyFileSync('test/fixtures/ceph/several.keyring', join(root, 'keyring'))
})

afterEach(() => {
  keeper?.kill('SIGKILL')
  keeper = undefined
  rmSync(root, { recursive: true })
})

const onHost: NetworkChoice = { kind: 'bridge', home: 'host', tapUp: '' }
const privately: NetworkChoice = { kind: 'bridge', home: 'private', tapUp: '' }

function plan(
  ceph: object,
  options: { profile?: Profile['ceph']; network?: NetworkChoice; disks?: DiskPlan[]; settings?: object } = {},
): CephPlan | undefined {
  const settings: Settings = {
    ...settingsSchema.parse({ ceph, ...options.settings }),
    paths: { state: join(root, 'state'), cache: join(root, 'cache') },
  }
  const profile = { name: 'mine', ceph: options.profile ?? 'cephfs' } as Profile
  return planCeph(profile, settings, { network: options.network ?? onHost, disks: options.disks ?? [] })
}

/** The ceph.conf of a cluster with these monitors. */
function conf(monHost: string): string {
  writeFileSync(join(root, 'ceph.conf'), `[global]\nmon host = ${monHost}\n`)
  return join(root, 'ceph.conf')
}

/** A built tree that has all programs, none of which does anything. */
function tree(): string {
  const bin = join(root, 'ceph/build/bin')
  mkdirSync(bin, { recursive: true })
  for (const name of ['ceph', 'ceph-mon', 'ceph-osd', 'ceph-mgr', 'ceph-mds', 'monmaptool']) {
    writeFileSync(join(bin, name), '#!/usr/bin/python3\n', { mode: 0o755 })
  }
  return join(root, 'ceph')
}

/** A throwaway cluster, as far as its files and its keeper tell. */
async function clusterIsUp(): Promise<void> {
  const files = cephFiles(join(root, 'state'))
  mkdirSync(files.folder, { recursive: true })
  keeper = spawn('bash', ['--norc', '-c', 'read -r', 'keep-cluster.sh', files.folder], { stdio: 'pipe' })
  const { pid = 0 } = keeper
  await until(() => commandLineOf(pid).includes(files.folder))
  const made: ClusterPlan = {
    fsid: 'f',
    address: '192.168.155.1',
    ports: { v2: 3300, v1: 6789 },
    osds: 1,
    mds: 1,
    osdMiB: 1024,
  }
  writeFileSync(files.keeper, `${pid}\n`)
  writeFileSync(files.plan, JSON.stringify(made))
}

const rbdDisk = { id: 'd', medium: { kind: 'rbd', pool: 'p', image: 'i', user: 'admin', conf: '/c' } } as DiskPlan

describe('the cluster of a profile', () => {
  test('is none where it needs none', () => {
    expect(plan({ cluster: 'existing', conf: join(root, 'none.conf') }, { profile: 'none' })).toBeUndefined()
  })

  test.each<[string, object, CephPlan['kind']]>([
    ['nothing is set', {}, 'throwaway'],
    ['a conf is set', { conf: true }, 'existing'],
    ['the throwaway one is wanted', { cluster: 'throwaway' }, 'throwaway'],
    ['the throwaway one is wanted, though a conf is set', { cluster: 'throwaway', conf: true }, 'throwaway'],
    ['an existing one is wanted', { cluster: 'existing', conf: true }, 'existing'],
  ])('where %s', (_, ceph, kind) => {
    const own = 'conf' in ceph ? { conf: conf('10.0.0.1') } : {}
    expect(plan({ src: tree(), ...ceph, ...own })?.kind).toBe(kind)
  })

  test('is the throwaway one that is up, though a conf is set, unless an existing one is wanted', async () => {
    await clusterIsUp()
    const ceph = { conf: conf('10.0.0.1') }
    expect(plan(ceph)?.kind).toBe('throwaway')
    expect(plan({ ...ceph, cluster: 'existing' })?.kind).toBe('existing')
  })

  test('is not a throwaway one whose keeper is gone', async () => {
    await clusterIsUp()
    keeper?.kill('SIGKILL')
    await until(() => commandLineOf(keeper?.pid ?? 0).length === 0)
    expect(plan({ conf: conf('10.0.0.1') })?.kind).toBe('existing')
  })
})

describe('what is needed of it', () => {
  test.each<[Profile['ceph'], object, CephPlan['needs']]>([
    ['cluster', {}, [{ kind: 'cluster' }]],
    ['cephfs', {}, [{ kind: 'cephfs', fs: undefined }]],
    ['cephfs', { fs: 'a' }, [{ kind: 'cephfs', fs: 'a' }]],
    ['rbd', {}, [{ kind: 'rbd', pool: 'rbd', image: 'rapido', createMiB: 1024 }]],
    ['rbd', { pool: 'p', image: 'i' }, [{ kind: 'rbd', pool: 'p', image: 'i', createMiB: 1024 }]],
    ['rbd', { rbd: { create: '2G' } }, [{ kind: 'rbd', pool: 'rbd', image: 'rapido', createMiB: 2048 }]],
  ])('%s of a throwaway one, with %j', (profile, ceph, needs) => {
    expect(plan({ src: tree(), ...ceph }, { profile })).toMatchObject({ kind: 'throwaway', needs })
  })

  test.each<[object, number | undefined]>([
    [{}, undefined],
    [{ rbd: { create: '2G' } }, 2048],
  ])('an RBD image of an existing one, made only where that is wanted: %j', (ceph, createMiB) => {
    const needs = [{ kind: 'rbd', pool: 'rbd', image: 'rapido', createMiB }]
    expect(plan({ conf: conf('10.0.0.1'), ...ceph }, { profile: 'rbd' })?.needs).toEqual(needs)
  })

  test('the images of disks, too', () => {
    const image = { kind: 'rbd', pool: 'p', image: 'i', createMiB: 1024 }
    const src = tree()
    expect(plan({ src }, { profile: 'none', disks: [rbdDisk] })?.needs).toEqual([image])
    expect(plan({ src }, { disks: [rbdDisk] })?.needs).toEqual([{ kind: 'cephfs', fs: undefined }, image])
  })
})

describe('a throwaway cluster', () => {
  test.each<NetworkChoice>([{ kind: 'none' }, { kind: 'user' }])('is on the bridge, not with %j', (network) => {
    expect(() => plan({ src: tree() }, { network })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'profile "mine": the throwaway Ceph cluster is on the bridge',
        hint: 'use network = "bridge" in profile.toml',
      }),
    )
  })

  test('has an MDS where a file system is needed', () => {
    const ceph = { src: tree(), mds: 0 }
    expect(() => plan(ceph)).toThrow(
      expect.objectContaining({ code: 'usage', message: 'profile "mine" needs an MDS, and ceph.mds is 0' }),
    )
    expect(plan(ceph, { profile: 'rbd' })?.kind).toBe('throwaway')
  })

  test('needs its programs, unless it is up', async () => {
    const src = tree()
    for (const name of ['ceph-mds', 'monmaptool']) rmSync(join(src, 'build/bin', name))
    expect(() => plan({ src })).toThrow(
      expect.objectContaining({
        code: 'host',
        message: `ceph.src: ${src}/build/bin has no ceph-mds, monmaptool`,
        hint: 'build the tree first: ./do_cmake.sh && ninja -C build vstart',
      }),
    )
    await clusterIsUp()
    expect(plan({ src })?.kind).toBe('throwaway')
  })
})

describe('an existing cluster', () => {
  test('is read from its conf and its keyring', () => {
    expect(plan({ conf: conf('10.0.0.1') })).toMatchObject({
      kind: 'existing',
      access: { user: 'admin', conf: join(root, 'ceph.conf'), keyring: join(root, 'keyring') },
    })
  })

  test.each<[string, object, string]>([
    ['a user whom the keyring does not have', { user: 'nobody' }, 'keyring has no key of client.nobody'],
    ['no keyring', { keyring: '/none/keyring' }, 'there is no keyring of client.admin: no /none/keyring'],
    ['no conf', { conf: '/none/ceph.conf' }, 'cannot read ceph.conf at /none/ceph.conf: ENOENT'],
  ])('with %s is refused', (_, ceph, message) => {
    expect(() => plan({ conf: conf('10.0.0.1'), ...ceph })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message), hint: expect.any(String) }),
    )
  })

  test.each([
    ['[v2:127.0.0.1:40001/0,v1:127.0.0.1:40002/0]', '127.0.0.1:40001'],
    ['10.0.0.1 127.0.1.1', '127.0.1.1:3300'],
    ['localhost', 'localhost:3300'],
    ['v1:[::1]', '[::1]:6789'],
  ])("with a monitor on the host's loopback is refused: %s", (monHost, at) => {
    const failure = {
      code: 'usage',
      message: `${root}/ceph.conf: the monitor ${at} is on this host's loopback, which no guest reaches`,
      hint: 'let it listen on an address of the bridge: vstart.sh has -i ADDRESS',
    }
    for (const network of [onHost, privately, { kind: 'user' } as const]) {
      expect(() => plan({ conf: conf(monHost) }, { network })).toThrow(expect.objectContaining(failure))
    }
  })

  test("on the host's loopback does for QEMU, where that is on the host", () => {
    const use = { profile: 'none' as const, disks: [rbdDisk] }
    const ceph = { conf: conf('127.0.0.1') }
    expect(plan(ceph, { ...use, network: onHost })).toMatchObject({ kind: 'existing', isInside: false })
    expect(plan(ceph, { ...use, network: { kind: 'none' } })).toMatchObject({ kind: 'existing', isInside: false })
    expect(() => plan(ceph, { ...use, network: privately })).toThrow("on this host's loopback")
  })

  test.each<[string, boolean]>([
    ['192.168.155.1', true],
    ['[v2:192.168.155.1:40001/0,v1:192.168.155.1:40002/0]', true],
    ['10.0.0.1,192.168.155.200', true],
    ['[fd72:6170:6964:6f::1]:6789', true],
    ['fd72:6170:6964:006f:0::1', true],
    ['192.168.156.1', false],
    ['10.0.0.1 10.0.0.2', false],
    ['[fd72:6170:6964:70::1]', false],
    ['mon1.example.com', false],
  ])('with the monitors %s is inside the network of the VMs: %s', (monHost, isInside) => {
    expect(plan({ conf: conf(monHost) })).toMatchObject({ isInside })
  })

  test('is inside the network that the settings have', () => {
    const ceph = { conf: conf('10.55.0.1') }
    expect(plan(ceph)).toMatchObject({ isInside: false })
    const settings = { network: { address: '10.55.0.1/16' } }
    expect(plan(ceph, { settings, network: privately })).toMatchObject({ isInside: true })
  })

  test('outside a private network is refused, unless that has a way out', () => {
    const ceph = { conf: conf('10.0.0.1,v1:mon2') }
    expect(() => plan(ceph, { network: privately })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `the monitors of ${root}/ceph.conf (10.0.0.1:3300, 10.0.0.1:6789, mon2:6789) are not in the private network of the VMs`,
        hint: '--set network.uplink=nat gives it a way out; or `sudo rapido net up` makes the bridge on the host',
      }),
    )
    const settings = { network: { uplink: 'nat' } }
    expect(plan(ceph, { network: privately, settings })).toMatchObject({ kind: 'existing', isInside: false })
    for (const network of [onHost, { kind: 'user' } as const]) {
      expect(plan(ceph, { network })).toMatchObject({ kind: 'existing', isInside: false })
    }
  })
})
