import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type StartedKeeper, startDaemon, startKeeper, tellKeeper } from '../../src/ceph/keeper.js'
import { type HeldFolder, holdFolder } from '../../src/host/hold.js'
import { type CephFiles, cephFiles } from '../../src/plan/state-files.js'
import { isRunning, processesOf } from '../helpers/processes.js'
import { until } from '../helpers/until.js'

// src/ceph/keep-cluster.sh, by way of src/ceph/keeper.ts. Its daemons are sleeps here.

let root: string
let files: CephFiles
let keepers: StartedKeeper[]
let members: HeldFolder[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-keep-'))
  files = cephFiles(join(root, 'state'))
  keepers = []
  members = []
  vi.stubEnv('OF', root) // all that the keeper starts is known by it
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await tellKeeper(files, 'end').catch(() => {}) // there is none any more
  for (const keeper of keepers) keeper.letGo()
  await Promise.all(members.map((member) => member.release()))
  try {
    await until(() => processesOf(root).length === 0)
  } finally {
    for (const { pid } of processesOf(root)) process.kill(pid, 'SIGKILL')
    rmSync(root, { recursive: true })
  }
})

const ownNetwork = { folder: undefined, enter: [] as string[], tcp: [] }

async function start(network: { folder: string | undefined; enter: string[]; tcp: string[] } = ownNetwork) {
  const keeper = await startKeeper(files, network, process.env)
  if (keeper === 'taken') return keeper
  keepers.push(keeper)
  return keeper
}

async function started(): Promise<StartedKeeper> {
  for (;;) {
    const keeper = await start()
    if (keeper !== 'taken') return keeper
    await delay(20) // one that has just been killed holds the lock a moment longer
  }
}

/** Starts a fake daemon, and returns its process id once it is what it is to be. */
async function daemon(name: string, argv = ['sleep', '1000']): Promise<number> {
  writeFileSync(join(files.commands, name), `${argv.join('\n')}\n`)
  rmSync(files.pid(name), { force: true })
  await startDaemon(name, files)
  await until(() => /^\d+\n$/.test(readQuietly(files.pid(name))))
  const pid = Number(readFileSync(files.pid(name), 'utf8'))
  await until(() => !/^(env|setpriv)\0|keep-cluster\.sh|PPID/.test(readQuietly(`/proc/${pid}/cmdline`)))
  return pid
}

/** Another one that holds a folder, as a VM does, and has joined the cluster if it can. */
async function member(name: string): Promise<HeldFolder & { joined: boolean }> {
  const held = await holdFolder(join(root, 'state/vms', name), { wait: false })
  if (held === undefined) throw new Error('its folder is held')
  members.push(held)
  return { ...held, joined: await held.join(files.folder) }
}

/** Who started the keeper is done and leaves it to its first member, which is returned. */
async function handOver(keeper: StartedKeeper): Promise<HeldFolder> {
  const first = await member('1')
  keeper.ready()
  keeper.letGo()
  return first
}

const keeperPid = () => Number(readFileSync(files.keeper, 'utf8'))
const isGone = () => !existsSync(files.folder)

/** Long enough for a keeper to end that should not: it looks ten times a second. */
const aWhile = () => delay(300)

describe('the keeper', () => {
  test('makes its folder, for this user only', async () => {
    await started()
    expect(statSync(files.folder).mode & 0o7777).toBe(0o700)
    expect(readdirSync(files.folder).sort()).toEqual(['commands', 'control', 'keeper', 'log', 'members', 'run'])
    expect(isRunning(keeperPid())).toBe(true)
  })

  test('starts what it is told, word for word, and keeps what it says', async () => {
    await started()
    const script = 'printf "<%s>\\n" "$@"; echo error >&2; read -r; echo "read: $?"; exec sleep 1000'
    const pid = await daemon('osd.0', ['bash', '-c', script, 'x', 'a  b', "it's", '*', '$(x)', '', '\\'])
    await until(() => readQuietly(`/proc/${pid}/cmdline`) === 'sleep\x001000\x00')
    expect(readFileSync(join(files.logs, 'osd.0.out'), 'utf8')).toBe(
      "<a  b>\n<it's>\n<*>\n<$(x)>\n<>\n<\\>\nerror\nread: 1\n",
    )
  })

  test('says again what runs: two may have started it', async () => {
    await started()
    const pid = await daemon('osd.0')
    expect(await daemon('osd.0')).toBe(pid)
  })

  test('starts one anew that is dying, and has lost its memory', async () => {
    await started()
    const dying = await daemon('osd.0', ['perl', '-e', 'my $memory = "x" x 400_000_000; sleep 1000'])
    await until(() => Number(/^VmRSS:\s+(\d+)/m.exec(readQuietly(`/proc/${dying}/status`))?.[1]) > 380_000)
    process.kill(dying, 'SIGKILL')
    await until(() => readQuietly(`/proc/${dying}/cmdline`) === '')
    expect(await daemon('osd.0')).not.toBe(dying)
  })

  test('gives its daemons none of its own files', async () => {
    await started()
    const pid = await daemon('mon.a')
    const log = join(files.logs, 'mon.a.out')
    expect(filesOf(pid).filter((path) => path.startsWith(root))).toEqual([log, log])
  })

  test('enters the network with each daemon', async () => {
    await start({ ...ownNetwork, enter: ['env', 'ENTERED=a  b'] })
    const pid = await daemon('mon.a')
    // Before env has run it, its process has the environment of the keeper.
    await until(() => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes('ENTERED=a  b'))
  })

  test('starts a daemon again that has ended', async () => {
    await started()
    const [before, other] = [await daemon('osd.0'), await daemon('osd.1')]
    process.kill(before, 'SIGKILL')
    await until(() => !isRunning(before))
    const after = await daemon('osd.0')
    expect(after).not.toBe(before)
    expect([isRunning(after), isRunning(other)]).toEqual([true, true])
  })

  test('is one: another is told so, and changes nothing', async () => {
    await started()
    const pid = await daemon('mon.a')
    const [before, folder] = [keeperPid(), readdirSync(files.folder, { recursive: true })]
    expect(await start()).toBe('taken')
    expect([keeperPid(), readdirSync(files.folder, { recursive: true })]).toEqual([before, folder])
    expect(isRunning(pid)).toBe(true)
  })

  test('is one of many that come at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => start()))
    expect(all.filter((each) => each !== 'taken')).toHaveLength(1)
  })

  test('is not ended by Ctrl-C, nor by SIGTERM', async () => {
    await started()
    const pid = await daemon('mon.a')
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.kill(keeperPid(), signal)
    await aWhile()
    expect([isRunning(keeperPid()), isRunning(pid)]).toEqual([true, true])
  })

  test('says why it cannot make its folder', async () => {
    writeFileSync(join(root, 'state'), '')
    await expect(start()).rejects.toMatchObject({
      code: 'host',
      message: expect.stringMatching(/^cannot start a Ceph cluster: .*Not a directory/),
      hint: `its files are in ${files.folder}; paths.state names another place`,
    })
  })

  test('that is gone cannot be told anything', async () => {
    const gone = {
      code: 'host',
      message: 'the keeper of the Ceph cluster is gone',
      hint: '`rapido ceph up` starts the cluster again',
    }
    await expect(tellKeeper(files, 'keep')).rejects.toMatchObject(gone)
    await started()
    process.kill(keeperPid(), 'SIGKILL')
    // What dies with it closes the FIFO a moment after its memory, by which processes are found, has gone.
    await until(() =>
      tellKeeper(files, 'keep').then(
        () => false,
        () => true,
      ),
    )
    await expect(startDaemon('mon.a', files)).rejects.toMatchObject(gone)
  })
})

describe('a cluster', () => {
  test('ends with who starts it, until it is ready', async () => {
    const keeper = await started()
    const pid = await daemon('mon.a')
    await aWhile()
    expect(isRunning(pid)).toBe(true)
    keeper.letGo()
    await until(() => isGone() && processesOf(root).length === 0)
  })

  test('ends with who starts it, members or not', async () => {
    const keeper = await started()
    await daemon('mon.a')
    expect((await member('1')).joined).toBe(true)
    keeper.letGo()
    await until(() => isGone() && !processesOf(root).some(({ commandLine }) => commandLine === 'sleep 1000'))
  })

  test('lasts until its last member has ended, once it is ready', async () => {
    const keeper = await started()
    const pids = [await daemon('mon.a'), await daemon('osd.0')]
    const [one, other] = [await member('1'), await member('2')]
    keeper.ready()
    keeper.letGo()
    await one.release()
    await aWhile()
    expect(pids.map(isRunning)).toEqual([true, true])
    await other.release()
    await until(() => isGone() && processesOf(root).length === 0)
  })

  test('ends at once where it is ready and has no member', async () => {
    const keeper = await started()
    await daemon('mon.a')
    keeper.ready()
    keeper.letGo()
    await until(() => isGone() && processesOf(root).length === 0)
  })

  test('has no new member once it ends', async () => {
    const keeper = await started()
    const last = await member('1')
    keeper.ready()
    await last.release()
    await until(isGone)
    expect((await member('2')).joined).toBe(false)
  })

  test('that is kept stays without members, and ends when it is told to', async () => {
    const keeper = await started()
    const pid = await daemon('mon.a')
    await tellKeeper(files, 'keep')
    await until(() => existsSync(files.kept))
    const last = await handOver(keeper)
    await last.release()
    await aWhile()
    expect(isRunning(pid)).toBe(true)
    expect((await member('2')).joined).toBe(true)
    await tellKeeper(files, 'end')
    await until(() => isGone() && !isRunning(pid))
  })

  test('is kept as soon as it is told to, while it still starts', async () => {
    const slow = join(root, 'slow')
    mkdirSync(slow)
    writeFileSync(join(slow, 'setsid'), '#!/bin/sh\nPATH=$REAL_PATH\nsleep 0.5\nexec setsid "$@"\n', { mode: 0o755 })
    vi.stubEnv('REAL_PATH', process.env.PATH)
    vi.stubEnv('PATH', `${slow}:${process.env.PATH}`)
    const keeper = await started()
    await tellKeeper(files, 'keep')
    await until(() => existsSync(files.kept))
    const last = await handOver(keeper)
    await last.release()
    await delay(1000) // longer than that start
    expect((await member('2')).joined).toBe(true)
  })

  test('may be kept while it has members already', async () => {
    const keeper = await started()
    const pid = await daemon('mon.a')
    const last = await handOver(keeper)
    await aWhile() // the members are watched by now
    await tellKeeper(files, 'keep')
    await until(() => existsSync(files.kept))
    await last.release()
    await aWhile()
    expect(isRunning(pid)).toBe(true)
  })

  test('that is left is gone but for its data, and another keeper goes on with it', async () => {
    const keeper = await started()
    const pid = await daemon('osd.0')
    mkdirSync(files.osd(0))
    writeFileSync(`${files.osd(0)}/block`, 'data')
    writeFileSync(files.conf, '')
    await tellKeeper(files, 'keep')
    keeper.ready()
    keeper.letGo()
    await tellKeeper(files, 'leave')
    await until(() => processesOf(root).length === 0)
    expect(isRunning(pid)).toBe(false)
    expect(readdirSync(files.folder).sort()).toEqual(['ceph.conf', 'kept', 'log', 'members', 'osd.0'])

    const next = await started()
    await daemon('osd.0')
    expect(readFileSync(`${files.osd(0)}/block`, 'utf8')).toBe('data')
    next.letGo() // a start that fails loses nothing of it
    await until(() => processesOf(root).length === 0)
    expect(readFileSync(`${files.osd(0)}/block`, 'utf8')).toBe('data')
  })

  test('dies with its keeper, however that ends; what it has stored stays for the next one', async () => {
    const keeper = await started()
    const pids = [await daemon('mon.a'), await daemon('osd.0')]
    const of = await member('1')
    keeper.ready()
    await until(() => processesOf(root).some(({ commandLine }) => commandLine.startsWith('flock')))
    writeFileSync(files.conf, '')
    process.kill(keeperPid(), 'SIGKILL')
    const ours = () => processesOf(root).filter(({ commandLine }) => !commandLine.includes('hold.sh'))
    await until(() => ours().length === 0)
    expect(pids.map(isRunning)).toEqual([false, false])
    expect(existsSync(files.conf)).toBe(true)

    await started()
    expect(readdirSync(files.run)).toEqual([]) // no process id of a dead one
    expect(await of.join(files.folder)).toBe(true)
  })

  test('dies with its keeper before it is ready, too', async () => {
    await started()
    await daemon('mon.a')
    process.kill(keeperPid(), 'SIGKILL')
    await until(() => processesOf(root).length === 0)
  })

  test('dies with its keeper in the middle of a start', async () => {
    await start({ ...ownNetwork, enter: ['sh', '-c', 'sleep 0.3; exec "$@"', 'enters slowly'] })
    writeFileSync(join(files.commands, 'mon.a'), 'sleep\n1000\n')
    await startDaemon('mon.a', files)
    await until(() => processesOf(root).some(({ commandLine }) => commandLine.includes('enters slowly')))
    process.kill(keeperPid(), 'SIGKILL')
    await until(() => processesOf(root).length === 0)
  })
})

describe('a cluster in a private network', () => {
  const network = () => ({ ...ownNetwork, folder: join(root, 'state/net') })
  const hasMembers = () => spawnSync('flock', ['-x', '-n', join(network().folder, 'members'), 'true']).status !== 0

  test('is a member of it, as long as it lasts', async () => {
    mkdirSync(network().folder, { recursive: true })
    writeFileSync(join(network().folder, 'members'), '')
    expect(await start(network())).not.toBe('taken')
    expect(existsSync(files.privately)).toBe(true)
    await daemon('mon.a')
    expect(hasMembers()).toBe(true)
    await tellKeeper(files, 'end')
    await until(isGone)
    await until(() => !hasMembers())
  })

  test('is not there where the network is not', async () => {
    await expect(start(network())).rejects.toMatchObject({
      code: 'host',
      message: 'cannot start a Ceph cluster: the private network has just ended',
    })
  })

  test('and the next one, on the bridge of the host, is not taken for private', async () => {
    mkdirSync(network().folder, { recursive: true })
    writeFileSync(join(network().folder, 'members'), '')
    await start(network())
    process.kill(keeperPid(), 'SIGKILL')
    await until(() => processesOf(root).length === 0)
    await started()
    expect(existsSync(files.privately)).toBe(false)
  })
})

/** What the descriptors of a process lead to. */
function filesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it is not there yet, or has gone
  }
}
