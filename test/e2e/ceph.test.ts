import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { CephStatus } from '../../dist/runs/ceph-cluster.js'
import { onSmallDisk } from '../helpers/ceph-cluster.js'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import { isRunning } from '../helpers/processes.js'
import type { Sandbox } from '../helpers/sandbox.js'
import { until } from '../helpers/until.js'

// The throwaway Ceph cluster, of real daemons. No VM is booted here.

const down = ['ceph', 'down']

describe.concurrent('a throwaway Ceph cluster', () => {
  test('is up once, whoever asks; tells of itself; and leaves nothing', { timeout: 120_000 }, async ({ box }) => {
    const both = await Promise.all([succeed(box, 'ceph', 'up'), succeed(box, 'ceph', 'up')])
    expect(both.map(({ stderr }) => /the Ceph cluster (is up|was up already)/.exec(stderr)?.[1]).sort()).toEqual([
      'is up',
      'was up already',
    ])
    await until(async () => (await statusOf(box)).health === 'HEALTH_OK', 30_000) // a few seconds after it can be used
    const status = await statusOf(box)
    expect(status).toMatchObject({ health: 'HEALTH_OK', fileSystems: ['cephfs'], isKept: true, vms: [] })
    expect(status.daemons.map(({ name }) => name)).toEqual(['mon.a', 'mgr.x', 'osd.0', 'osd.1', 'osd.2', 'mds.a'])
    expect(status.daemons.every(({ pid }) => pid !== undefined)).toBe(true)
    expect((await succeed(box, 'ceph', 'status')).stdout).toMatch(/HEALTH_OK[\s\S]*^osd\.2 +\d+ +\d+$/m)

    expect((await succeed(box, 'ceph', 'exec', '--', 'ceph', '-s')).stdout).toMatch(/3 up .*3 in/)
    expect(await box.rapido('ceph', 'exec', '--', 'sh', '-c', 'exit 7').outcome()).toMatchObject({ status: 7 })
    const { stdout: variables } = await succeed(box, 'ceph', 'env')
    const script = `${variables}\ncat "$CEPH_CONF" >/dev/null && cat "$CEPH_KEYRING"`
    const read = await box.command(['sh', '-ec', script]).outcome()
    expect(read).toMatchObject({ status: 0, stdout: expect.stringContaining('[client.admin]') })
    const memory = status.daemons.reduce((sum, { residentMiB = 0 }) => sum + residentMiB, 0)
    expect(memory).toBeLessThan(500)

    const refused = await box.rapido('ceph', 'up', '--osds', '1').outcome()
    expect(refused).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/up with other settings: 3 OSDs.*not 1 OSD,/),
    })
    expect(await box.rapido('net', 'down').outcome()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('in use by the Ceph cluster'),
    })
    await succeed(box, ...down)
    expect(existsSync(join(box.state, 'ceph'))).toBe(false)
    await expectNothingLeft(box, { withinMs: 3000 })
    expect(await succeed(box, ...down)).toMatchObject({ stderr: expect.stringContaining('no Ceph cluster is up') })
  })

  test('goes on with what is stored in it after whatever was killed', { timeout: 120_000 }, async ({ box }) => {
    await succeed(box, 'ceph', 'up', '--osds', '1')
    await succeed(box, 'ceph', 'exec', '--', 'rados', '-p', 'rbd', 'put', 'kept', join(packageFolder, 'LICENSE'))
    const read = async () => (await succeed(box, 'ceph', 'exec', '--', 'rados', '-p', 'rbd', 'get', 'kept', '-')).stdout
    const license = readFileSync(join(packageFolder, 'LICENSE'), 'utf8')

    const { daemons } = await statusOf(box)
    for (const { pid } of daemons) process.kill(pid as number, 'SIGKILL')
    await until(() => daemons.every(({ pid }) => !isRunning(pid as number)))
    expect((await statusOf(box)).health).toBe('the monitor does not run')
    expect((await succeed(box, 'ceph', 'up')).stderr).toContain('is up again, with what was stored in it')
    expect(await read()).toBe(license)

    const again = (await statusOf(box)).daemons
    process.kill(keeperOf(box), 'SIGKILL')
    await until(() => again.every(({ pid }) => !isRunning(pid as number))) // they die with it
    expect((await succeed(box, 'ceph', 'up')).stderr).toContain('is up again, with what was stored in it')
    expect(await read()).toBe(license)

    process.kill(Number(readFileSync(join(box.state, 'net/keeper'), 'utf8')), 'SIGKILL') // of the network
    expect(await read()).toBe(license)
    expect((await succeed(box, 'ceph', 'up')).stderr).toContain('was up already')

    await succeed(box, ...down, '--keep')
    await expectNothingLeft(box, { withinMs: 3000 })
    const server = await onPortOfMonitor(box)
    expect(await box.rapido('ceph', 'up').outcome()).toMatchObject({ status: 3 }) // and nothing is lost
    const elsewhere = await box.rapido('ceph', 'up', '--set', 'ceph.mon_port=3301').outcome()
    expect(elsewhere).toMatchObject({ status: 2, stderr: expect.stringContaining('you keep has other settings') })
    await server.end()
    expect((await succeed(box, 'ceph', 'up')).stderr).toContain('is up again, with what was stored in it')
    expect(await read()).toBe(license)

    process.kill(keeperOf(box), 'SIGKILL')
    const anew = await succeed(box, 'ceph', 'up', '--osds', '2')
    expect(anew.stderr).toContain('is up, anew: what was left of the one before has another shape')
    await succeed(box, 'net', 'down', '--force')
    await expectNothingLeft(box, { withinMs: 3000 })
  })

  test('is one for each state folder, side by side', { timeout: 120_000 }, async ({ box, boxWithOwnCache }) => {
    const boxes = [box, boxWithOwnCache]
    await Promise.all(boxes.map((each) => succeed(each, 'ceph', 'up', '--osds', '1')))
    const [one, two] = await Promise.all(boxes.map(statusOf))
    expect(one?.fsid).not.toBe(two?.fsid)
    const seen = await Promise.all(boxes.map((each) => succeed(each, 'ceph', 'exec', '--', 'ceph', 'fsid')))
    expect(seen.map(({ stdout }) => stdout.trim())).toEqual([one?.fsid, two?.fsid])
    await Promise.all(boxes.map((each) => succeed(each, ...down)))
  })

  test('is made of a built tree, where ceph.src names one', { timeout: 120_000 }, async ({ box }) => {
    const tree = layOutTree(box)
    const set = ['--set', `ceph.src=${tree}`]
    await succeed(box, 'ceph', 'up', '--osds', '1', ...set)
    const { daemons } = await statusOf(box)
    for (const { name, pid } of daemons) {
      const [, program] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/^([^\0]*)\0/)
      expect(program).toBe(join(tree, 'build/bin', `ceph-${name.split('.')[0]}`))
    }
    expect(readFileSync(join(box.state, 'ceph/ceph.conf'), 'utf8')).toContain(`osd class dir = ${tree}/build/lib\n`)
    // `rbd` needs the class of that name in the OSD.
    await succeed(box, 'ceph', 'exec', ...set, '--', 'rbd', 'create', '--size', '1M', 'of-tree')
    expect((await succeed(box, 'ceph', 'exec', ...set, '--', 'rbd', 'ls')).stdout).toBe('of-tree\n')
    await succeed(box, ...down)
    const unbuilt = await box.rapido('ceph', 'up', '--set', 'ceph.src=nowhere').outcome()
    expect(unbuilt).toMatchObject({ status: 3, stderr: expect.stringMatching(/has no ceph-mon, .*\n.*ninja -C build/) })
  })

  test('takes every fault of its daemons, and undoes it', { timeout: 120_000 }, async ({ box }) => {
    await succeed(box, 'ceph', 'up', '--osds', '2', '--mds', '2')
    const fault = (...words: string[]) => box.rapido('fault', 'ceph', ...words).outcome()
    const stateOf = async (name: string) => new RegExp(`^${name} +(\\w+)`, 'm').exec((await fault()).stdout)?.[1]
    const osds = async () => (await succeed(box, 'ceph', 'exec', '--', 'ceph', 'osd', 'stat')).stdout
    const done: [words: string, name: string, state: string][] = [
      ['osd-kill 0', 'osd.0', 'dead'],
      ['osd-start 0', 'osd.0', 'up'],
      ['osd-stop 1', 'osd.1', 'up'], // it is there, and answers nobody
      ['osd-start 1', 'osd.1', 'up'],
      ['mon-kill', 'mon.a', 'dead'],
      ['mon-start', 'mon.a', 'up'],
      ['mds-kill b', 'mds.b', 'dead'],
      ['mds-start', 'mds.b', 'up'],
      ['mds-fail', 'mds.a', 'up'],
      ['osd-pause', 'osd.0', 'up'],
      ['osd-unpause', 'osd.0', 'up'],
      ['pool-quota rbd size=64M', 'osd.0', 'up'],
      ['pool-quota rbd', 'osd.0', 'up'],
    ]
    for (const [words, name, state] of done) {
      const run = await fault(...words.split(' '))
      expect(run, `${words}: ${run.stderr}`).toMatchObject({ status: 0 })
      expect(await stateOf(name), words).toBe(state)
    }
    expect(await osds()).toMatch(/2 osds: 2 up/)
    const refused: [words: string, message: RegExp][] = [
      ['osd-start 0', /osd\.0 runs/],
      ['osd-kill 7', /has no OSD 7\n.*0 to 1/],
      ['osd-unpause', /the OSDs are not paused/],
      ['mds-kill z', /has no MDS "z"\n.*a, b/],
      ['pool-quota nope', /has no pool "nope"\n.*rbd, /],
      ['client-blocklist', /whose clients\?.*done to a VM/],
      ['path-dead hda', /path-dead is done to a VM/],
      ['osd-kil 0', /did you mean "osd-kill"/],
    ]
    for (const [words, message] of refused) {
      expect(await fault(...words.split(' '))).toMatchObject({ status: 2, stderr: expect.stringMatching(message) })
    }
    await succeed(box, ...down)
  })

  test('ends with a rapido that was killed while it made it', { timeout: 120_000 }, async ({ box }) => {
    for (const afterMs of [300, 900]) {
      const run = box.rapido('ceph', 'up', '--osds', '1')
      const { child } = run.start()
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      child.kill('SIGKILL')
      await run.outcome()
      await expectNothingLeft(box, { withinMs: 10_000 })
      expect(existsSync(join(box.state, 'ceph'))).toBe(false)
    }
    const run = box.rapido('ceph', 'up', '--osds', '1')
    const { child } = run.start()
    await until(() => existsSync(join(box.state, 'ceph/keeper')))
    child.kill('SIGINT')
    expect((await run.outcome()).status).toBe(130)
    await expectNothingLeft(box, { withinMs: 10_000 }) // its keeper ends a moment later

    const ended = box.rapido('ceph', 'up', '--osds', '1')
    ended.start()
    await until(() => existsSync(join(box.state, 'ceph/keeper')))
    expect(await succeed(box, ...down)).toMatchObject({ stderr: expect.stringContaining('is down') })
    const outcome = await ended.outcome()
    expect(outcome.status).not.toBe(0)
    expect(outcome.durationMs).toBeLessThan(20_000)
    await expectNothingLeft(box, { withinMs: 10_000 })
  })

  test('that cannot be says why, and leaves nothing', { timeout: 120_000 }, async ({ box }) => {
    const server = await onPortOfMonitor(box)
    const taken = await box.rapido('ceph', 'up').outcome()
    expect(taken).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/port 3300 .* is taken[\s\S]*ceph\.mon_port=3301/),
    })
    await server.end()
    await expectNothingLeft(box, { withinMs: 5000 })

    const full = await onSmallDisk(box, '1M', 'ceph', 'up', '--osds', '1')
    expect(full, full.stderr).toMatchObject({ status: 3, stderr: expect.stringMatching(/no space left/i) })
    await expectNothingLeft(box, { withinMs: 5000 })
  })
})

/** The programs and plug-ins of this host, where a build of Ceph has its own. */
function layOutTree(box: Sandbox): string {
  const tree = join(box.work, 'tree')
  for (const folder of ['build/bin', 'build/lib', 'src/pybind']) mkdirSync(join(tree, folder), { recursive: true })
  for (const name of ['ceph', 'ceph-mon', 'ceph-osd', 'ceph-mgr', 'ceph-mds', 'monmaptool', 'rbd']) {
    copyFileSync(join('/usr/bin', name), join(tree, 'build/bin', name))
  }
  symlinkSync('/usr/share/ceph/mgr', join(tree, 'src/pybind/mgr'))
  const libraries = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu')) // Debian's; else lib64
  const places = [...libraries.map((name) => `/usr/lib/${name}`), '/usr/lib64'].filter((path) =>
    existsSync(join(path, 'rados-classes')),
  )
  for (const place of places) {
    for (const folder of ['rados-classes', 'ceph/erasure-code', 'ceph/compressor']) {
      const plugins = readdirSync(join(place, folder)).filter((name) => name.endsWith('.so'))
      for (const plugin of plugins) symlinkSync(join(place, folder, plugin), join(tree, 'build/lib', plugin))
    }
  }
  return tree
}

/** Somebody else on the port of the monitor. */
async function onPortOfMonitor(box: Sandbox) {
  const server = box.rapido('net', 'exec', '--', process.execPath, '-e', listener)
  await server.saying(/listening/)
  return {
    end: async () => {
      box.file('stop', '')
      await server.outcome()
    },
  }
}

/** Listens on the monitor's port until there is a file `stop`. */
const listener = `
  require('net').createServer().listen(3300, () => console.log('listening'))
  setInterval(() => require('fs').existsSync('stop') && process.exit(), 50)`

async function succeed(box: Sandbox, ...args: string[]) {
  const run = await box.rapido(...args).outcome()
  expect(run, `${args.join(' ')}: ${run.stderr}`).toMatchObject({ status: 0 })
  return run
}

async function statusOf(box: Sandbox): Promise<CephStatus> {
  return JSON.parse((await succeed(box, 'ceph', 'status', '--json')).stdout)
}

function keeperOf(box: Sandbox): number {
  return Number(readFileSync(join(box.state, 'ceph/keeper'), 'utf8'))
}
