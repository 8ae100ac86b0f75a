import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { bareAddress } from '../config/addresses.js'
import type { Settings } from '../config/schema.js'
import { type CephFiles, longestSocketPath } from './state-files.js'

/** A throwaway Ceph cluster, finished. It is kept in cluster.json, for whoever comes later. */
export interface ClusterPlan {
  fsid: string
  address: string // of all daemons: the host's, on the bridge of the VMs
  ports: { v2: number; v1: number } // of the monitor
  osds: number
  mds: number // daemons: one is active
  osdMiB: number
}

/** The programs that a cluster is made of: the distribution's, or those of a built tree. */
export interface CephPrograms {
  folder: string | undefined // where they are; undefined: on PATH
  env: Record<string, string>
  conf: string[] // lines for [global]: where plug-ins are
  python: string // of librados' Python binding
}

/** The file system of a throwaway cluster. */
const throwawayFs = 'cephfs'

export function planCluster(settings: Settings, fsid: string): ClusterPlan {
  const { osds, mds, osd_size, mon_port, mon_port_v1 } = settings.ceph
  const address = bareAddress(settings.network.address)
  return { fsid, address, ports: { v2: mon_port, v1: mon_port_v1 }, osds, mds, osdMiB: osd_size }
}

/** What a built tree has, as its vstart.sh uses it. `cython` is the folder of the bindings: build/lib/cython_modules/lib.3. */
export function programsOfTree(src: string, options: { cython: string; python: string }): CephPrograms {
  const lib = join(src, 'build/lib')
  return {
    folder: join(src, 'build/bin'),
    env: {
      LD_LIBRARY_PATH: lib,
      PYTHONPATH: [join(src, 'src/pybind'), options.cython, join(src, 'src/python-common')].join(':'),
    },
    conf: [
      `plugin dir = ${lib}`,
      `erasure code dir = ${lib}`,
      `osd class dir = ${lib}`,
      `mgr module path = ${join(src, 'src/pybind/mgr')}`,
    ],
    python: options.python,
  }
}

/** "3 OSDs, 1 MDS". */
export function shapeText({ osds, mds }: Pick<ClusterPlan, 'osds' | 'mds'>): string {
  return `${osds} ${osds === 1 ? 'OSD' : 'OSDs'}, ${mds} MDS`
}

/** The names of all daemons, in the order in which they are started. */
export function daemonNames({ osds, mds }: Pick<ClusterPlan, 'osds' | 'mds'>): string[] {
  return ['mon.a', 'mgr.x', ...numbers(osds).map((id) => `osd.${id}`), ...mdsNames(mds)]
}

/** mds.a, mds.b, … */
export function mdsNames(count: number): string[] {
  return numbers(count).map((index) => `mds.${String.fromCharCode(97 + index)}`)
}

/** The command line of a daemon, in the foreground: its keeper is its parent. */
export function daemonArgv(name: string, programs: CephPrograms, files: Pick<CephFiles, 'conf'>): string[] {
  const [kind, id] = name.split('.') as [string, string]
  return cephArgv({ ...programs, env: { ...programs.env, ...frugalMalloc } }, `ceph-${kind}`, [
    '--conf',
    files.conf,
    '--id',
    id,
    '--foreground',
  ])
}

/**
 * Debian's Ceph has no tcmalloc, and glibc's malloc keeps what OSDs give back: after 1.5 GB of I/O three OSDs have half the
 * memory with these (mallopt(3)).
 */
const frugalMalloc = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' }

/** A program of the cluster, with the environment that it needs. */
export function cephArgv(programs: CephPrograms, program: string, args: string[]): string[] {
  const env = Object.entries(programs.env).map(([name, value]) => `${name}=${value}`)
  const path = programs.folder === undefined ? program : join(programs.folder, program)
  return [...(env.length === 0 ? [] : ['env', ...env]), path, ...args]
}

/** The steps that make what daemons find at their first start: one after the other, each of commands at the same time. */
export function makingCommands(plan: ClusterPlan, programs: CephPrograms, files: CephFiles): string[][][] {
  const { fsid, address, ports } = plan
  const monitor = `[v2:${address}:${ports.v2},v1:${address}:${ports.v1}]`
  const monmap = ['--create', '--fsid', fsid, '--addv', 'a', monitor, '--enable-all-features', files.monmap]
  const conf = ['--conf', files.conf]
  return [
    [cephArgv(programs, 'monmaptool', monmap)],
    [
      cephArgv(programs, 'ceph-mon', [
        ...conf,
        '--mkfs',
        '--id',
        'a',
        '--monmap',
        files.monmap,
        '--keyring',
        files.keyring,
      ]),
      ...numbers(plan.osds).map((id) =>
        // Without a monitor to ask for its configuration.
        cephArgv(programs, 'ceph-osd', [
          ...conf,
          '--mkfs',
          '--id',
          String(id),
          '--osd-uuid',
          osdUuid(fsid, id),
          '--no-mon-config',
        ]),
      ),
    ],
  ]
}

/** Commands for the monitor, once it runs. OSDs may be started after the first `plan.osds` of them. */
export function monitorCommands(plan: ClusterPlan): Record<string, unknown>[] {
  const pool = (name: string, application: string) => [
    { prefix: 'osd pool create', pool: name, pg_num: 8 },
    { prefix: 'osd pool application enable', pool: name, app: application },
  ]
  return [
    ...numbers(plan.osds).map((id) => ({ prefix: 'osd new', uuid: osdUuid(plan.fsid, id), id })),
    ...pool('rbd', 'rbd'),
    ...(plan.mds === 0
      ? []
      : [
          { prefix: 'osd pool create', pool: `${throwawayFs}.meta`, pg_num: 8 },
          { prefix: 'osd pool create', pool: `${throwawayFs}.data`, pg_num: 8 },
          { prefix: 'fs new', fs_name: throwawayFs, metadata: `${throwawayFs}.meta`, data: `${throwawayFs}.data` },
        ]),
    { prefix: 'health mute', code: 'MGR_MODULE_ERROR', sticky: true }, // we have switched its modules off
  ]
}

/** The keyring that the monitor begins with: it takes all users in it. `secrets` are by name: "client.admin". */
export function clusterKeyring(plan: ClusterPlan, secrets: (name: string) => string): string {
  const all = { mon: 'allow *', osd: 'allow *', mds: 'allow *', mgr: 'allow *' }
  const users: [string, Record<string, string>][] = [
    ['mon.', { mon: 'allow *' }],
    ['client.admin', all],
    ['mgr.x', { mon: 'allow profile mgr', osd: 'allow *', mds: 'allow *' }],
    ...numbers(plan.osds).map((id): [string, Record<string, string>] => [
      `osd.${id}`,
      { mon: 'allow profile osd', mgr: 'allow profile osd', osd: 'allow *' },
    ]),
    ...mdsNames(plan.mds).map((name): [string, Record<string, string>] => [
      name,
      { mon: 'allow profile mds', mgr: 'allow profile mds', osd: 'allow *', mds: 'allow *' },
    ]),
  ]
  const entries = users.map(([name, caps]) => {
    const lines = Object.entries(caps).map(([kind, rights]) => `\tcaps ${kind} = "${rights}"`)
    return [`[${name}]`, `\tkey = ${secrets(name)}`, ...lines].join('\n')
  })
  return `${entries.join('\n')}\n`
}

/** A key of Ceph (CryptoKey): its kind, AES; when it was made, in seconds and nanoseconds; its length, and 16 bytes. */
export function cephKey(bytes: Buffer, madeAt: Date): string {
  const header = Buffer.alloc(12)
  header.writeUInt16LE(1, 0)
  header.writeUInt32LE(Math.floor(madeAt.getTime() / 1000), 2)
  header.writeUInt16LE(bytes.length, 10)
  return Buffer.concat([header, bytes]).toString('base64')
}

/**
 * The ceph.conf of all daemons and clients. Options that a version does not know are ignored by it: what differs between
 * versions stands here, each with its reason. `mgrModules` are those that there are.
 */
export function clusterConf(
  plan: ClusterPlan,
  programs: CephPrograms,
  { files, mgrModules }: { files: CephFiles; mgrModules: string[] },
): string {
  const { address, ports, osds } = plan
  const socket = join(files.run, '$name.asok')
  const hasSockets = join(files.run, 'client.admin.asok').length <= longestSocketPath
  return `# Made by rapido, for a cluster that is thrown away.
[global]
fsid = ${plan.fsid}
mon host = [v2:${address}:${ports.v2},v1:${address}:${ports.v1}]
public addr = ${address}
keyring = ${files.keyring}
run dir = ${files.run}
admin socket = ${hasSockets ? socket : ''}
log file = ${join(files.logs, '$name.log')}
log to stderr = false
mon cluster log file = ${join(files.logs, 'cluster.log')}
crash dir = ${files.logs}
${programs.conf.join('\n')}
# Everything is on one host.
osd crush chooseleaf type = 0
osd pool default size = ${Math.min(3, osds)}
osd pool default min size = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon allow pool delete = true
auth allow insecure global id reclaim = false
mon client hunt interval = 0.2
# Faults are to be seen in seconds. The monitor judges by these, too.
osd heartbeat interval = 1
osd heartbeat grace = 6
mds beacon interval = 1
mds beacon grace = 5

[mon]
mon data = ${files.mon}
paxos propose interval = 0.05
mon tick interval = 1
mon osd adjust heartbeat grace = false
mon osd reporter subtree level = osd
mon osd min down reporters = 1
mon osd down out interval = 0
mon warn on osd down out interval zero = false
mds beacon mon down grace = 0
# The disk of a developer's host is full as a rule.
mon data avail warn = 1
mon data avail crit = 0

[mgr]
mgr data = ${join(files.folder, 'mgr')}
# They cost 270 MB and 2 s of CPU time. The manager itself is what \`df\` in a guest asks.
mgr disabled modules = ${mgrModules.join(',')}

[osd]
osd data = ${files.osd('$id')}
osd objectstore = bluestore
bluestore block size = ${plan.osdMiB * 1024 * 1024}
# 0.28 s at each open of the block file, with the 250 ms that it is otherwise.
bdev aio poll ms = 10
bluestore fsck on mkfs = false
bluestore cache autotune = false
bluestore cache size = 33554432
# From version 17 on an OSD measures its disk at its first start, otherwise.
osd mclock skip benchmark = true
osd op queue = wpq
# One that is marked down wrongly again and again would end itself: faults do that.
osd max markdown count = 1000

[mds]
mds data = ${join(files.folder, 'mds')}
mds cache memory limit = 67108864

[client]
log file =
admin socket =
`
}

/** Made of the cluster's: whoever makes an OSD and whoever announces it must agree. */
function osdUuid(fsid: string, id: number): string {
  const digits = createHash('sha256').update(`${fsid} osd ${id}`).digest('hex')
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
