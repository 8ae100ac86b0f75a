import { describe, expect, test } from 'vitest'
import { settingsSchema } from '../../../src/config/schema.js'
import {
  type CephPrograms,
  type ClusterPlan,
  cephArgv,
  cephKey,
  clusterConf,
  clusterKeyring,
  daemonArgv,
  daemonNames,
  makingCommands,
  mdsNames,
  monitorCommands,
  planCluster,
  programsOfTree,
} from '../../../src/plan/ceph-cluster.js'
import { cephFiles } from '../../../src/plan/state-files.js'

const fsid = '9f82eb35-1bf6-4c27-8a28-efd62c681aa5'
const files = cephFiles('/home/u/.local/state/rapido')
const distribution: CephPrograms = { folder: undefined, env: {}, conf: [], python: '/usr/bin/python3' }
const tree = programsOfTree('/home/u/ceph', {
  cython: '/home/u/ceph/build/lib/cython_modules/lib.3',
  python: '/usr/bin/python3.11',
})

function plan(ceph: object = {}, network: object = {}): ClusterPlan {
  const settings = settingsSchema.parse({ ceph, network })
  return planCluster({ ...settings, paths: { state: '/s', cache: '/c' } }, fsid)
}

describe('the plan of a cluster', () => {
  test('is of the settings, at the address of the host on the bridge', () => {
    expect(plan()).toEqual({
      fsid,
      address: '192.168.155.1',
      ports: { v2: 3300, v1: 6789 },
      osds: 3,
      mds: 1,
      osdMiB: 10240,
    })
    const ceph = { osds: 1, mds: 0, osd_size: '1G', mon_port: 3301, mon_port_v1: 6790 }
    expect(plan(ceph, { address: '10.0.0.1/8' })).toEqual({
      fsid,
      address: '10.0.0.1',
      ports: { v2: 3301, v1: 6790 },
      osds: 1,
      mds: 0,
      osdMiB: 1024,
    })
  })

  test('survives JSON, which it is kept as', () => {
    expect(JSON.parse(JSON.stringify(plan()))).toEqual(plan())
  })

  test('has a monitor, a manager, OSDs and MDS, in the order in which they are started', () => {
    expect(daemonNames({ osds: 2, mds: 2 })).toEqual(['mon.a', 'mgr.x', 'osd.0', 'osd.1', 'mds.a', 'mds.b'])
    expect(daemonNames({ osds: 1, mds: 0 })).toEqual(['mon.a', 'mgr.x', 'osd.0'])
    expect(mdsNames(4)).toEqual(['mds.a', 'mds.b', 'mds.c', 'mds.d'])
  })
})

describe('what a cluster is made with, as in test/fixtures/ceph', () => {
  const golden = (name: string) => `../../fixtures/ceph/${name}`
  const sizes: [string, ClusterPlan, CephPrograms][] = [
    ['usual', plan(), distribution],
    ['small', plan({ osds: 1, mds: 0, osd_size: '1G', mon_port: 3301, mon_port_v1: 6790 }), distribution],
    ['tree', plan({ osds: 4, mds: 2 }, { address: '10.0.0.1/8' }), tree],
  ]

  test.each(sizes)('the conf: %s', async (name, cluster, programs) => {
    const conf = clusterConf(cluster, programs, { files, mgrModules: ['balancer', 'dashboard', 'status'] })
    await expect(conf).toMatchFileSnapshot(golden(`cluster-${name}.conf`))
  })

  test.each(sizes)('the keyring: %s', async (name, cluster) => {
    const keyring = clusterKeyring(cluster, (user) => `<the key of ${user}>`)
    await expect(keyring).toMatchFileSnapshot(golden(`cluster-${name}.keyring`))
  })

  test.each(sizes)('the commands that make it: %s', async (name, cluster, programs) => {
    const steps = makingCommands(cluster, programs, files)
    const text = steps.map((step) => step.map(asLines).join('\n')).join('\n# then, at the same time\n\n')
    await expect(text).toMatchFileSnapshot(golden(`making-${name}.args`))
  })

  test.each(sizes)('the command lines of its daemons: %s', async (name, cluster, programs) => {
    const text = daemonNames(cluster).map((daemon) => asLines(daemonArgv(daemon, programs, files)))
    await expect(text.join('\n')).toMatchFileSnapshot(golden(`daemons-${name}.args`))
  })

  test.each(sizes)('the commands for its monitor: %s', async (name, cluster) => {
    const text = monitorCommands(cluster).map((command) => `${JSON.stringify(command)}\n`)
    await expect(text.join('')).toMatchFileSnapshot(golden(`monitor-${name}.jsonl`))
  })
})

describe('an OSD', () => {
  const made = (cluster: ClusterPlan) =>
    makingCommands(cluster, distribution, files)
      .flat()
      .flatMap((argv) => argv[argv.indexOf('--osd-uuid') + 1] ?? [])
      .filter((word) => uuid.test(word))
  const announced = (cluster: ClusterPlan) =>
    monitorCommands(cluster).flatMap(({ prefix, uuid }) => (prefix === 'osd new' ? uuid : []))

  test('is made with the UUID that it is announced with, one for each', () => {
    expect(made(plan())).toHaveLength(3)
    expect(announced(plan())).toEqual(made(plan()))
    expect(new Set(made(plan())).size).toBe(3)
  })

  test('has another UUID in another cluster', () => {
    const other = { ...plan(), fsid: '00000000-0000-4000-8000-000000000000' }
    expect(made(other).filter((each) => made(plan()).includes(each))).toEqual([])
  })

  test('may be started once the monitor has had as many commands as there are OSDs', () => {
    const prefixes = monitorCommands(plan()).map(({ prefix }) => prefix)
    expect(prefixes.slice(0, 3)).toEqual(Array(3).fill('osd new'))
    expect(prefixes.slice(3)).not.toContain('osd new')
  })
})

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

describe('admin sockets', () => {
  const setting = (stateDir: string) => {
    const conf = clusterConf(plan(), distribution, { files: cephFiles(stateDir), mgrModules: [] })
    return /^admin socket = ?(.*)$/m.exec(conf)?.[1]
  }
  const state = (length: number) => `/${'s'.repeat(length - 1)}`
  const rest = '/ceph/run/client.admin.asok'.length

  test("are there while their paths fit into Linux's limit", () => {
    expect(setting(state(107 - rest))).toBe(`${state(107 - rest)}/ceph/run/$name.asok`)
    expect(setting(state(108 - rest))).toBe('')
  })
})

describe('a program of the cluster', () => {
  test("is the distribution's, or the tree's with its libraries", () => {
    expect(cephArgv(distribution, 'ceph', ['-s'])).toEqual(['ceph', '-s'])
    expect(cephArgv(tree, 'ceph', ['-s'])).toEqual([
      'env',
      'LD_LIBRARY_PATH=/home/u/ceph/build/lib',
      'PYTHONPATH=/home/u/ceph/src/pybind:/home/u/ceph/build/lib/cython_modules/lib.3:/home/u/ceph/src/python-common',
      '/home/u/ceph/build/bin/ceph',
      '-s',
    ])
  })
})

describe('a key', () => {
  // Of `ceph-authtool --gen-print-key`, Ceph 16.2.15, at these times.
  test.each([
    ['AQBtAAJrlTbROBAAx4/pb/rd53ZgzSOih65pIg==', 1795293293],
    ['AQBtAAJr2e6BOxAAO7qp58dguObCZcx4fUcgAA==', 1795293293],
    ['AQBuAAJrtcmAAhAAgmieLKIpLFYfvQds2WJphg==', 1795293294],
  ])("is as ceph-authtool's %s, but for its nanoseconds", (theirs, second) => {
    const { kind, seconds, length, bytes } = partsOf(theirs)
    expect({ kind, seconds, length, bytes: bytes.length }).toEqual({ kind: 1, seconds: second, length: 16, bytes: 16 })
    const ours = cephKey(bytes, new Date(second * 1000 + 999))
    expect(partsOf(ours)).toEqual({ ...partsOf(theirs), nanoseconds: 0 })
    expect(ours).toHaveLength(theirs.length)
  })

  test('is whatever the bytes are', () => {
    expect(cephKey(Buffer.alloc(16), new Date(0))).toBe('AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA==')
    expect(partsOf(cephKey(Buffer.alloc(16, 0xff), new Date('2100-01-01T00:00:00Z')))).toEqual({
      kind: 1,
      seconds: 4102444800,
      nanoseconds: 0,
      length: 16,
      bytes: Buffer.alloc(16, 0xff),
    })
  })
})

/** CryptoKey of Ceph's auth/Crypto.cc. */
function partsOf(key: string) {
  const all = Buffer.from(key, 'base64')
  return {
    kind: all.readUInt16LE(0),
    seconds: all.readUInt32LE(2),
    nanoseconds: all.readUInt32LE(6),
    length: all.readUInt16LE(10),
    bytes: all.subarray(12),
  }
}

/** A line for each option. */
function asLines(argv: string[]): string {
  return `${argv.map((word, at) => `${at === 0 ? '' : word.startsWith('--') ? '\n  ' : ' '}${word}`).join('')}\n`
}
