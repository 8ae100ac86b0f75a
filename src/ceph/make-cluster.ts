import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
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
import { awaitUsable, openSession, untilDeath, usable, usableMs } from './usable.js'

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
  await writeConf(plan, settings, making)
  const keyring = clusterKeyring(plan, () => cephKey(randomBytes(16), new Date()))
  await writeFile(files.keyring, keyring, { mode: 0o600 }).catch((error) => {
    throw noRoom(files, error)
  })
  await mkdir(files.mon, { mode: 0o700 })
  for (const id of Array(plan.osds).keys()) await mkdir(`${files.osds}${id}`, { mode: 0o700 })

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
    await usable(plan, files, session)
  })
  await writeAtomic(files.plan, JSON.stringify(plan))
}

/** One whose keeper was killed, or that was left by `rapido ceph down --keep`: its data is there. */
export async function startAgain(plan: ClusterPlan, settings: Settings, making: Making): Promise<void> {
  making.tell('starting the Ceph cluster again')
  requirePorts(plan, making.network)
  await writeConf(plan, settings, making)
  for (const name of daemonNames(plan)) await startDaemon(name, making.files)
  await awaitUsable(plan, settings, making)
}

/** Runs a program of the cluster to its end. Throws RapidoError('host') with its words. */
async function inNetwork(
  argv: string[],
  { files, network, signal }: Pick<Making, 'files' | 'network' | 'signal'>,
): Promise<void> {
  const [file = '', ...args] = [...network.enter, 'setpriv', '--pdeathsig', 'KILL', '--', ...argv]
  const { status, stdout, stderr } = await run(file, args, { signal, timeoutMs: usableMs, cwd: files.folder })
  if (status === 0) return
  const said = `${stdout}${stderr}`.trim().split('\n')
  const why = said.findLast((line) => /no space/i.test(line)) ?? said.slice(-4).join('\n')
  throw new RapidoError(
    'host',
    `${argv.find((word) => /ceph-\w+$|tool$/.test(word))} failed (status ${status}): ${why}`,
    {
      hint: `there must be room for the cluster in ${files.folder}; paths.state names another place`,
    },
  )
}

async function emptyFolder(files: CephFiles): Promise<void> {
  await rm(files.kept, { force: true })
  await rm(files.plan, { force: true })
  await rm(files.monmap, { force: true })
  await rm(files.mon, { recursive: true, force: true })
  for (let id = 0; id < 16; id++) await rm(`${files.osds}${id}`, { recursive: true, force: true })
}

/** What may change from start to start: the conf, and the command lines. */
async function writeConf(plan: ClusterPlan, settings: Settings, { files, programs }: Making): Promise<void> {
  const conf = clusterConf(plan, programs, { files, mgrModules: managerModules(settings) })
  const commands = daemonNames(plan).map((name): [string, string] => {
    return [`${files.commands}/${name}`, `${daemonArgv(name, programs, files).join('\n')}\n`]
  })
  for (const [path, text] of [[files.conf, conf], ...commands] as [string, string][]) {
    await writeFile(path, text, { mode: 0o600 }).catch((error) => {
      throw noRoom(files, error)
    })
  }
}

function noRoom(files: CephFiles, cause: Error): RapidoError {
  return new RapidoError('host', `cannot write to ${files.folder}: ${cause.message}`, {
    hint: 'make room there, or choose another place with paths.state in rapido.toml',
    cause,
  })
}

/** A monitor whose port is taken dies after 10 s, while everybody talks to whoever has the port. */
function requirePorts({ address, ports }: ClusterPlan, { tcp }: ClusterNetwork): void {
  const listening = tcp.flatMap((path) => listeningPorts(path))
  for (const [setting, port] of [
    ['ceph.mon_port', ports.v2],
    ['ceph.mon_port_v1', ports.v1],
  ] as const) {
    if (!listening.includes(port)) continue
    throw new RapidoError('host', `port ${port} of ${address} is taken, which the Ceph monitor is to listen on`, {
      hint: `end who listens there, or choose another port: --set ${setting}=${port + 1}`,
    })
  }
}

/** The ports in a file such as /proc/net/tcp that somebody listens on, whatever the address. */
function listeningPorts(path: string): number[] {
  try {
    const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1)
    const fields = rows.map((row) => row.trim().split(/\s+/))
    return fields.flatMap(([, local = '', , state]) =>
      state === '0A' ? Number.parseInt(local.split(':')[1] ?? '', 16) : [],
    )
  } catch {
    return []
  }
}

function split<T>(all: T[], at: number): [T[], T[]] {
  return [all.slice(0, at), all.slice(at)]
}
