import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type HeldFolder, holdFolder } from '../../src/host/hold.js'
import { compile } from '../helpers/compiled.js'
import { isRunning } from '../helpers/processes.js'
import { until } from '../helpers/until.js'

let compiled: string
let folder: string
let held: HeldFolder[] // freed after each test, whatever became of it
let processes: number[]

beforeAll(() => {
  compiled = mkdtempSync(join(tmpdir(), 'rapido-hold-'))
  compile(compiled, ['src/errors.ts', 'src/host/hold.ts', 'src/host/package-root.ts', 'src/host/hold.sh'])
})

afterAll(() => rmSync(compiled, { recursive: true }))

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'rapido-hold-')), 'vms/1')
  held = []
  processes = []
})

afterEach(async () => {
  for (const pid of processes) killQuietly(pid)
  await Promise.all(held.map((one) => one.release()))
  rmSync(join(folder, '../..'), { recursive: true })
})

async function hold(wait: boolean, signal?: AbortSignal): Promise<HeldFolder | undefined> {
  const one = await holdFolder(folder, { wait, signal })
  if (one) held.push(one)
  return one
}

describe('a folder', () => {
  test('is made, for this user only, and gone when it is released', async () => {
    const one = await hold(false)
    expect(one?.path).toBe(folder)
    expect(statSync(folder).mode & 0o7777).toBe(0o700)
    mkdirSync(join(folder, 'a/b'), { recursive: true })
    writeFileSync(join(folder, '.hidden'), '')
    await one?.release()
    expect(readdirSync(join(folder, '..'))).toEqual([])
  })

  test('is gone where its owner was killed before it could hear of it', () => {
    const script = '{ sleep 0.2; exec bash src/host/hold.sh "$0" wait; } </dev/null | true'
    const { status } = spawnSync('bash', ['--norc', '-c', script, folder])
    expect(status).toBe(0)
    expect(readdirSync(join(folder, '..'))).toEqual([])
  })

  test('is gone after its release even where its keeper was killed', async () => {
    const one = await hold(false)
    writeFileSync(join(folder, 'file'), '')
    const keeper = readdirSync('/proc').find((pid) => readQuietly(`/proc/${pid}/cmdline`).includes(folder))
    process.kill(Number(keeper), 'SIGKILL')
    await one?.release()
    expect(readdirSync(join(folder, '..'))).toEqual([])
  })

  test('has one holder; who does not wait is told at once', async () => {
    await hold(false)
    expect(await hold(false)).toBeUndefined()
    expect(existsSync(folder)).toBe(true)
  })

  test('goes to the one who waits when it is released, new and empty', async () => {
    const first = await hold(false)
    writeFileSync(join(folder, 'of-the-first'), '')
    let got: HeldFolder | undefined
    const waiting = hold(true).then((one) => {
      got = one
    })
    await delay(150)
    expect(got).toBeUndefined()
    await first?.release()
    await waiting
    expect(readdirSync(folder)).toEqual([])
    expect(await hold(false)).toBeUndefined()
  })

  test('has one holder among many that come at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => hold(false)))
    expect(all.filter((one) => one !== undefined)).toHaveLength(1)
  })

  test('is held or is not, whenever an abort comes', async () => {
    for (let ms = 0; ms < 40; ms += 2) {
      const stop = new AbortController()
      const holding = holdFolder(folder, { wait: true, signal: stop.signal })
      const aborted = delay(ms).then(() => stop.abort(new Error('enough')))
      const got = await holding.catch(() => undefined)
      await aborted
      await delay(20)
      expect(existsSync(folder)).toBe(got !== undefined)
      await got?.release()
    }
  })

  test('is no longer waited for after an abort', async () => {
    await hold(false)
    const stop = new AbortController()
    const waiting = hold(true, stop.signal)
    await delay(100)
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(hold(true, stop.signal)).rejects.toThrow('enough')
  })

  test('is emptied of what somebody left there', async () => {
    mkdirSync(join(folder, 'old/older'), { recursive: true })
    writeFileSync(join(folder, 'old/older/file'), '')
    writeFileSync(join(folder, '.dot'), '')
    await hold(false)
    expect(readdirSync(folder)).toEqual([])
  })

  test('may have a name with blanks, quotes and stars', async () => {
    folder = join(folder, `it's * $(touch x) "y"`)
    const one = await hold(false)
    expect(existsSync(folder)).toBe(true)
    await one?.release()
    expect(existsSync(folder)).toBe(false)
    folder = join(folder, '..')
  })
})

describe('a place', () => {
  const hint = 'choose a place that you can write to with paths.state and paths.cache in rapido.toml'

  test('below a file is refused', async () => {
    writeFileSync(join(folder, '../..', 'file'), '')
    const place = join(folder, '../../file/vms/1')
    await expect(holdFolder(place, { wait: false })).rejects.toMatchObject({
      code: 'host',
      message: expect.stringMatching(/^cannot make the folder .*\/file\/vms\/1: .*Not a directory/),
      hint,
    })
  })

  test('that the kernel keeps to itself is refused', async () => {
    await expect(holdFolder('/proc/vms/1', { wait: true })).rejects.toMatchObject({ code: 'host', hint })
  })

  test.runIf(process.getuid?.() === 0)("that is another user's is refused, and not tried for ever", async () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const answer = await new Promise<string>((resolve, reject) => {
      const args = ['--reuid=65534', '--clear-groups', '--', 'bash', 'src/host/hold.sh', folder, 'wait']
      const asNobody = spawn('setpriv', args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 3000 })
      asNobody.stdout.once('data', (text) => resolve(String(text)))
      asNobody.once('exit', () => reject(new Error('no answer')))
    })
    expect(answer).toMatch(/^failed /)
  })
})

describe('watched process groups', () => {
  const startSleep = (): ChildProcess & { pid: number } => {
    const child = spawn('sh', ['-c', 'sleep 100 & sleep 100'], { detached: true, stdio: 'ignore' })
    processes.push(child.pid as number)
    return child as ChildProcess & { pid: number }
  }

  test('are killed on release, with all that is in them', async () => {
    const one = await hold(false)
    const child = startSleep()
    await until(() => groupOf(child.pid).length >= 3)
    one?.watch(child.pid)
    await one?.release()
    await until(() => groupOf(child.pid).length === 0)
  })

  test('have let go of all they held, however long they take to die', async () => {
    const one = await hold(false)
    const disk = join(folder, '../../disk')
    const hog =
      'open(D, ">", $ARGV[0]); flock(D, 2); my $memory = "x" x 400_000_000; syswrite(STDOUT, "ready\\n"); sleep 100'
    const child = spawn('perl', ['-e', hog, disk], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    processes.push(child.pid as number)
    expect(await firstLine(child)).toBe('ready')
    one?.watch(child.pid as number)
    await one?.release()
    expect(spawnSync('flock', ['-n', disk, 'true']).status).toBe(0)
  })

  test('are left alone once they are no longer watched', async () => {
    const one = await hold(false)
    const [watched, unwatched] = [startSleep(), startSleep()]
    one?.watch(watched.pid)
    one?.watch(unwatched.pid)
    one?.unwatch(unwatched.pid)
    await one?.release()
    await until(() => groupOf(watched.pid).length === 0)
    expect(isRunning(unwatched.pid)).toBe(true)
    process.kill(-unwatched.pid, 'SIGKILL')
  })
})

describe('kill -9', () => {
  /** A process of its own that holds the folder, and what it said. */
  async function startHolder() {
    const args = ['test/fixtures/programs/holder.mjs', join(compiled, 'src/host'), folder]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    processes.push(child.pid as number)
    const [, watched, keeper] = (await firstLine(child)).split(' ').map(Number) as [number, number, number]
    processes.push(watched)
    return { pid: child.pid as number, watched, keeper }
  }

  test('of the holder and its whole group: its folder is gone, what it had watched is dead', async () => {
    const holder = await startHolder()
    writeFileSync(join(folder, 'qmp.sock'), '')
    expect([isRunning(holder.watched), await hold(false)]).toEqual([true, undefined])
    process.kill(-holder.pid, 'SIGKILL')
    await until(() => !existsSync(folder))
    await until(() => !isRunning(holder.watched) && !isRunning(holder.keeper))
  })

  test('of the holder and of the one who cleans up after it: the next holder does', async () => {
    const holder = await startHolder()
    writeFileSync(join(folder, 'info.json'), '{}')
    process.kill(holder.keeper, 'SIGKILL')
    process.kill(holder.pid, 'SIGKILL')
    await until(() => !isRunning(holder.pid) && !isRunning(holder.keeper))
    expect(readdirSync(folder)).toEqual(['info.json'])
    expect((await hold(false))?.path).toBe(folder)
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a member', () => {
  /** A folder that is kept, as its keeper makes it. */
  function kept(name: string): string {
    const path = join(folder, '../..', name)
    mkdirSync(path)
    writeFileSync(join(path, 'members'), '')
    return path
  }

  /** Whether a keeper would find a member. */
  const hasMembers = (path: string) => spawnSync('flock', ['-x', '-n', join(path, 'members'), 'true']).status !== 0

  test('is one until it is released', async () => {
    const net = kept('net')
    const one = await hold(false)
    expect(hasMembers(net)).toBe(false)
    expect(await one?.join(net)).toBe(true)
    expect(hasMembers(net)).toBe(true)
    await one?.release()
    expect(hasMembers(net)).toBe(false)
    expect(existsSync(join(net, 'members'))).toBe(true)
  })

  test('may be one of two folders at once', async () => {
    const [net, ceph] = [kept('net'), kept('ceph')]
    const one = await hold(false)
    expect([await one?.join(net), await one?.join(ceph)]).toEqual([true, true])
    expect([hasMembers(net), hasMembers(ceph)]).toEqual([true, true])
    await one?.release()
    expect([hasMembers(net), hasMembers(ceph)]).toEqual([false, false])
  })

  test('that joins one of them again stays in the other', async () => {
    const [net, ceph] = [kept('net'), kept('ceph')]
    const one = await hold(false)
    for (const each of [net, ceph, ceph, net]) expect(await one?.join(each)).toBe(true)
    expect([hasMembers(net), hasMembers(ceph)]).toEqual([true, true])
  })

  test('goes with the next keeper of a folder, and holds nothing of the one before', async () => {
    const [net, ceph] = [kept('net'), kept('ceph')]
    const one = await hold(false)
    for (const each of [net, ceph]) await one?.join(each)
    const before = join(folder, '../../before')
    renameSync(ceph, before)
    kept('ceph')
    expect(await one?.join(ceph)).toBe(true)
    expect([net, ceph, before].map(hasMembers)).toEqual([true, true, false])
  })

  test('that finds a folder ending stays in the other', async () => {
    const [net, ceph] = [kept('net'), kept('ceph')]
    const one = await hold(false)
    await one?.join(net)
    const keeper = spawn('flock', ['-x', join(ceph, 'members'), 'sleep', '100'], { detached: true, stdio: 'ignore' })
    processes.push(keeper.pid as number)
    await until(() => hasMembers(ceph))
    expect(await one?.join(ceph)).toBe(false)
    expect(await one?.join(join(folder, '../../none'))).toBe(false)
    expect(hasMembers(net)).toBe(true)
  })

  test('is one of several, of a folder with blanks, quotes and stars', async () => {
    const odd = kept(`it's * $(touch x) "y"`)
    const [one, other] = [await hold(false), await holdFolder(join(folder, '../2'), { wait: false })]
    held.push(...(other ? [other] : []))
    expect([await one?.join(odd), await other?.join(odd)]).toEqual([true, true])
    await one?.release()
    expect(hasMembers(odd)).toBe(true)
    await other?.release()
    expect(hasMembers(odd)).toBe(false)
  })
})

describe('a file', () => {
  test('is locked for its holder alone, until that ends', async () => {
    const [file, none] = [join(folder, '../../disk'), join(folder, '../../none')]
    mkdirSync(join(folder, '..'))
    writeFileSync(file, '')
    const one = await holdFolder(join(folder, '../a'), { wait: true })
    const other = await holdFolder(join(folder, '../b'), { wait: true })
    held.push(...[one, other].flatMap((each) => each ?? []))
    expect(await one?.lock(file, { shared: false })).toBe(true)
    expect(await other?.lock(file, { shared: true })).toBe(false)
    expect(await other?.lock(none, { shared: false })).toBe(false)
    await one?.release()
    expect(await other?.lock(file, { shared: true })).toBe(true)
    expect(existsSync(file)).toBe(true)
  })

  test('that is only read is shared, and with nobody who writes', async () => {
    const file = join(folder, '../../disk')
    mkdirSync(join(folder, '..'))
    writeFileSync(file, '')
    const some = await Promise.all(['a', 'b', 'c'].map((name) => holdFolder(join(folder, '..', name), { wait: true })))
    held.push(...some.flatMap((each) => each ?? []))
    const [one, other, third] = some
    expect(await one?.lock(file, { shared: true })).toBe(true)
    expect(await other?.lock(file, { shared: true })).toBe(true)
    expect(await third?.lock(file, { shared: false })).toBe(false)
  })
})

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return line
  throw new Error('it said nothing')
}

/** The living processes of a group. */
function groupOf(group: number): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => {
    try {
      const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return Number(pgrp) === group && state !== 'Z'
    } catch {
      return false
    }
  })
}

function killQuietly(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {} // it has ended
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // no process, or it has ended
  }
}
