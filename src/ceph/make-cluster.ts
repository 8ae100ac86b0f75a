import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { run } from '../host/run.js'
import { writeAtomic } from '../host/write.js'
import {
  type CephPrograms,
  type ClusterPlan,
  cephKey,
  clusterConf,
  clusterKeyring,
  daemonArgv,
  daemonNames,
  makingCommands,
  mdsNames,
  monitorCommands,
  planCluster,
} from '../plan/ceph-cluster.js'
import type { CephFiles } from '../plan/state-files.js'
import { type ClusterNetwork, startDaemon } from './keeper.js'
import { managerModules } from './programs.js'
import { awaitUsable, openSession, readNonces, untilDeath, usable, usableMs } from './usable.js'

/** What the steps of it need. */
export interface Making {
  files: CephFiles
  network: ClusterNetwork
  programs: CephPrograms
  signal: AbortSignal
  tell: (what: string) => void
}

/** A cluster from nothing. */
export async function makeCluster(settings: Settings, making: Making): Promise<void> {
  const { files, network, programs, signal, tell } = making
  const plan = planCluster(settings, randomUUID())
  requirePorts(plan, network)
  await emptyFolder(files)
  await inFolder(files, async () => {
    await writeConf(plan, settings, making)
    const keyring = clusterKeyring(plan, () => cephKey(randomBytes(16), new Date()))
    await writeFile(files.keyring, keyring, { mode: 0o600 })
    await mkdir(files.mon, { mode: 0o700 })
    for (const id of Array(plan.osds).keys()) await mkdir(files.osd(id), { mode: 0o700 })
  })

  tell('making a Ceph cluster')
  for (const step of makingCommands(plan, programs, files)) {
    await Promise.all(step.map((argv) => inNetwork(argv, { files, network, signal })))
  }
  await startDaemon('mon.a', files)
  await startDaemon('mgr.x', files)
  for (const name of mdsNames(plan.mds)) await startDaemon(name, files)

  tell('starting its daemons')
  await using session = await openSession(programs, files, network)
  await untilDeath(plan, { files, signal }, async () => {
    const [osdNew, more] = split(monitorCommands(plan), plan.osds)
    for (const command of osdNew) await session.json('mon', command)
    for (const id of Array(plan.osds).keys()) await startDaemon(`osd.${id}`, files)
    for (const command of more) await session.json('mon', command)
    await usable(plan, session, { files, restarted: [], nonces: {} })
  })
  await inFolder(files, () => writeAtomic(files.plan, JSON.stringify(plan)))
}

/** One whose keeper was killed, or that was left by `rapido ceph down --keep`: its data is there. */
export async function startAgain(plan: ClusterPlan, settings: Settings, making: Making): Promise<void> {
  making.tell('starting the Ceph cluster again')
  requirePorts(plan, making.network)
  await inFolder(making.files, () => writeConf(plan, settings, making))
  const nonces = readNonces(making.files)
  for (const name of daemonNames(plan)) await startDaemon(name, making.files)
  await awaitUsable(plan, settings, { ...making, restarted: daemonNames(plan), nonces })
}

/** Runs a program of the cluster to its end. Throws RapidoError('host') with its words. */
async function inNetwork(
  argv: string[],
  { files, network, signal }: Pick<Making, 'files' | 'network' | 'signal'>,
): Promise<void> {
  const [file = '', ...args] = [...network.enter, 'setpriv', '--pdeathsig', 'KILL', '--', ...argv]
  const program = argv.find((word) => /ceph-\w+$|tool$/.test(word)) ?? ''
  const { status, stdout, stderr } = await run(file, args, {
    signal,
    timeoutMs: usableMs,
    cwd: files.folder,
  }).catch((error) => {
    if (!(error instanceof RapidoError) || error.code !== 'timeout') throw error
    throw new RapidoError('timeout', `${program} did not end within ${usableMs / 1000} s`, { cause: error })
  })
  if (status === 0) return
  const said = `${stdout}${stderr}`.trim().split('\n')
  const noSpace = said.findLast((line) => /no space/i.test(line))
  throw new RapidoError('host', `${program} failed (status ${status}): ${noSpace ?? said.slice(-4).join('\n')}`, {
    hint: noSpace === undefined ? `its log is in ${files.logs}` : roomHint,
  })
}

async function emptyFolder(files: CephFiles): Promise<void> {
  await rm(files.kept, { force: true })
  await rm(files.plan, { force: true })
  await rm(files.monmap, { force: true })
  const left = (await readdir(files.folder)).map((name) => join(files.folder, name))
  const ofData = (path: string) => path === files.mon || path.startsWith(files.osd(''))
  for (const path of left.filter(ofData)) await rm(path, { recursive: true, force: true })
}

/** What may change from start to start: the conf, and the command lines. */
async function writeConf(plan: ClusterPlan, settings: Settings, { files, programs }: Making): Promise<void> {
  const conf = clusterConf(plan, programs, { files, mgrModules: managerModules(settings) })
  const commands = daemonNames(plan).map((name): [string, string] => {
    return [`${files.commands}/${name}`, `${daemonArgv(name, programs, files).join('\n')}\n`]
  })
  for (const [path, text] of [[files.conf, conf], ...commands] as [string, string][]) {
    await writeFile(path, text, { mode: 0o600 })
  }
}

const roomHint = 'make room there, or choose another place with paths.state in rapido.toml'

/** Writes files of a cluster. Throws RapidoError('host') where the system refuses. */
async function inFolder(files: CephFiles, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    throw new RapidoError('host', `cannot write to ${files.folder}: ${(cause as Error).message}`, {
      hint: roomHint,
      cause,
    })
  }
}

/** A monitor whose port is taken dies after 10 s, while everybody talks to whoever has the port. */
function requirePorts({ address, ports }: ClusterPlan, { tcp }: ClusterNetwork): void {
  const taken = tcp.flatMap((path) => portsTaken(path, address))
  for (const [setting, port] of [
    ['ceph.mon_port', ports.v2],
    ['ceph.mon_port_v1', ports.v1],
  ] as const) {
    if (!taken.includes(port)) continue
    throw new RapidoError('host', `port ${port} of ${address} is taken, which the Ceph monitor is to listen on`, {
      hint: `end who listens there, or choose another port: --set ${setting}=${port + 1}`,
    })
  }
}

/** The ports of an IPv4 address that somebody listens on, in a file such as /proc/net/tcp (proc(5)). */
function portsTaken(path: string, address: string): number[] {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'))
  const own = bytes.reverse().join('').toUpperCase()
  try {
    const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1)
    return rows.flatMap((row) => {
      const [, local = '', , state] = row.trim().split(/\s+/)
      const [host = '', port = ''] = local.split(':')
      const isOurs = /^0+$/.test(host) || host === own || host === `0000000000000000FFFF0000${own}`
      return state === '0A' && isOurs ? Number.parseInt(port, 16) : []
    })
  } catch {
    return []
  }
}

function split<T>(all: T[], at: number): [T[], T[]] {
  return [all.slice(0, at), all.slice(at)]
}
