import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { boot } from '../../dist/index.js'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { processesOf } from '../helpers/processes.js'
import type { Sandbox } from '../helpers/sandbox.js'

// Guests that go on from a snapshot. That they do is seen by their uptime: they all are as old as the snapshot.

const started = (box: Sandbox, ...args: string[]) => box.rapido('run', 'simple', ...args).outcome()

process.env.RAPIDO_START = 'snapshot' // whatever the other tests are run with

describe.concurrent('a guest from a snapshot', { timeout: 240_000 }, () => {
  test('is its own: name, addresses, machine id, boot id, randomness and time', async ({ boxWithOwnCache: box }) => {
    const tell =
      'cat /proc/sys/kernel/hostname /etc/machine-id /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | od -An -tx1; ' +
      'cat /sys/class/net/eth0/address; ip -brief -4 address show dev eth0; date +%s; cut -d" " -f1 /proc/uptime'
    const told = async () => {
      const run = await box.rapido('run', 'simple-net', '-x', tell).outcome()
      expect(run.status, run.stderr).toBe(0)
      const lines = run.stdout.trim().split('\n').slice(-8)
      const [time, uptime] = lines.splice(-2)
      expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60)
      return { lines, uptime: Number(uptime) }
    }
    await told() // makes it
    const [one, other] = await Promise.all([told(), told()])
    for (const [index, line] of one.lines.entries()) expect(other.lines[index]).not.toBe(line)
    expect(snapshots(box)).toHaveLength(1)
    // Not a time of its own to boot: what both have behind them is the boot that was saved.
    expect(Math.abs(one.uptime - other.uptime)).toBeLessThan(2)
  })

  test('sees the disks of its run, not those of another', async ({ boxWithOwnCache: box }) => {
    const disk = box.file('disk.raw', Buffer.alloc(1024 * 1024))
    const settings = ['--set', `disk.d.file=${disk}`, '--set', 'disk.d.format=raw']
    const first = ['-x', 'head -c 5 /dev/vda', ...settings]
    for (const content of ['first', 'other']) {
      writeFileSync(disk, content, { flag: 'r+' })
      expect(await started(box, ...first)).toMatchObject({ status: 0, stdout: expect.stringMatching(`${content}$`) })
    }
    const larger = ['-x', 'blockdev --getsize64 /dev/vda', '--set', 'disk.d.size=8M']
    expect((await started(box, ...larger)).stdout).toMatch(/^8388608$/m)
    expect(snapshots(box)).toHaveLength(1)
  })

  test('has its own drivers: none is loaded anew in each', async ({ boxWithOwnCache: box }) => {
    box.file('profiles/slow/slow.conf', 'install virtio_rng sleep 2')
    const include = '[image]\ninclude = [{ from = "slow.conf", to = "/etc/modprobe.d/slow.conf" }]\n'
    box.file('profiles/slow/profile.toml', `extends = "simple"\nsummary = "slow"\n${include}`)
    box.file('profiles/slow/boot.sh', 'read -r pids </proc/1/task/1/children; echo "children of init: $pids"')
    for (const _ of ['makes it', 'starts from it']) {
      const run = await box.rapido('run', 'slow').outcome()
      expect(run, run.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(/^children of init: \d+$/m) })
    }
    expect(snapshots(box)).toHaveLength(1)
  })

  test('is another where anything of the machine is, and none with --cold', async ({ boxWithOwnCache: box }) => {
    expect(await started(box, '--cold', '-x', 'true')).toMatchObject({ status: 0 })
    expect(snapshots(box)).toEqual([])
    const cmdline = ['-x', 'cat /proc/cmdline; nproc']
    expect((await started(box, ...cmdline)).stdout).not.toContain('loglevel=3')
    const set = ['--set', 'kernel.params=["loglevel=3"]', '--set', 'vm.cpus=1']
    expect((await started(box, ...cmdline, ...set)).stdout).toMatch(/loglevel=3\n1\n/)
    expect(snapshots(box)).toHaveLength(2)
  })

  test('is booted where its snapshot is damaged, and has one again', async ({ boxWithOwnCache: box }) => {
    await started(box, '-x', 'true')
    const folder = () => join(box.cache, 'snapshots', snapshots(box)[0] as string)
    truncateSync(join(folder(), 'memory'), statSync(join(folder(), 'memory')).size / 2)
    expect(await started(box, '-x', 'true')).toMatchObject({ status: 0 }) // seen at once: made anew
    expect(statSync(join(folder(), 'memory')).blocks).toBeGreaterThan(1000)

    // As a disk that lies would have it: only QEMU can tell.
    const state = Buffer.from('QEVM and then nothing that makes sense')
    writeFileSync(join(folder(), 'state'), state)
    const manifest = JSON.parse(readFileSync(join(folder(), 'snapshot.json'), 'utf8'))
    manifest.state = { bytes: state.length, sha256: createHash('sha256').update(state).digest('hex') }
    writeFileSync(join(folder(), 'snapshot.json'), JSON.stringify(manifest))
    const run = await started(box, '-x', 'true')
    expect(run).toMatchObject({ status: 0, stderr: expect.stringMatching(/no snapshot: .*booting instead/) })
    expect(snapshots(box)).toEqual([])
    expect(await started(box, '-x', 'true')).toMatchObject({ status: 0 })
    expect(snapshots(box)).toHaveLength(1)
  })

  test('has run boot.sh where the profile says so, and only what a VM has of its own is done again', async ({
    box,
  }) => {
    const write = (count: string) => {
      box.file('profiles/early/profile.toml', 'extends = "simple"\nsummary = "early"\nsnapshot = "after-boot-script"\n')
      box.file(
        'profiles/early/boot.sh',
        `sleep 1000 & cut -d" " -f1 /proc/uptime >/run/when; echo "of vm$RAPIDO_VM, ${count}"; echo apart >&2`,
      )
    }
    const early = async (...args: string[]) => {
      const tell = 'cat /run/when; pgrep -c sleep; echo $RAPIDO_VM $HOSTNAME'
      const run = await box.rapido('run', 'early', '-x', tell, ...args).outcome()
      expect(run.status, run.stderr).toBe(0)
      expect(run.stderr).toContain('apart')
      return run.stdout.trim().split('\n')
    }
    write('first')
    const [first, again] = [await early(), await early('--number', '3')]
    expect(again).toEqual(['of vm0, first', first[1], '1', expect.stringMatching(/^3 \S+3$/)])
    expect(first).toEqual(['of vm0, first', again[1], '1', expect.stringMatching(/^1 \S+1$/)])

    write('changed')
    expect((await early())[0]).toBe('of vm0, changed')

    // With a disk it is one VM's own.
    const own = await early('--set', 'disk.d.size=1M')
    expect(own[0]).toBe('of vm1, changed')
    expect(Number(own[1])).not.toBe(Number(first[1]))

    box.file('profiles/early/boot.sh', 'echo no >&2; exit 3')
    const failed = await box.rapido('run', 'early').outcome()
    expect(failed.status).toBe(1)
    expect(failed.stderr).toMatch(/no snapshot: boot\.sh failed with status 3; booting instead/)
    expect(failed.stderr).toMatch(/boot\.sh failed with status 3|boot\.sh.*3/)
  })

  test('is reset and boots, with all its disks', async ({ boxWithOwnCache: box }) => {
    await started(box, '-x', 'true')
    const sizes = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((disk) => [`disk.${disk}.size`, '64M']))
    await using vm = await boot('simple', box.options(sizes))
    const uptime = async () => Number((await vm.succeed('cut -d" " -f1 /proc/uptime')).trim())
    expect(await vm.succeed('blockdev --getsize64 /dev/vdf')).toBe('67108864\n')
    await vm.fault('reset')
    expect(await vm.succeed('blockdev --getsize64 /dev/vdf')).toBe('67108864\n')
    expect(await uptime()).toBeLessThan(60)
    expect(await vm.succeed('dmesg | grep -c "Linux version"')).toBe('1\n')
  })

  test('has more memory than fits below 4 GiB, and a shared folder', async ({ boxWithOwnCache: box }) => {
    box.file('shared/word', 'shared')
    const settings = [
      '--set',
      'vm.memory=5G',
      '--set',
      `share.path=${join(box.work, 'shared')}`,
      '--set',
      'disk.d.size=64M',
    ]
    for (let i = 0; i < 2; i++) {
      const run = await started(box, '-x', 'cat /host/word; lsblk -no SIZE /dev/vda', ...settings)
      expect(run, run.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(/shared *64M$/m) })
    }
    expect(snapshots(box)).toHaveLength(1)
  })

  test('tells what its kernel reported while it booted', async ({ boxWithOwnCache: box }) => {
    for (let i = 0; i < 2; i++) {
      const verbose = ['--set', 'kernel.params=["loglevel=7"]']
      const run = await started(box, '-x', 'true', '--json', '-', ...verbose)
      const result = JSON.parse(run.stdout.slice(run.stdout.indexOf('{\n')))
      expect(readFileSync(result.consoleLog, 'utf8')).toContain('Linux version')
    }
  })
})

describe.concurrent('a snapshot', { timeout: 240_000 }, () => {
  test('is made once where many want it', async ({ boxWithOwnCache: box }) => {
    await box.rapido('cut', 'simple').outcome()
    const runs = await Promise.all(Array.from({ length: 4 }, () => started(box, '-x', 'cut -d" " -f1 /proc/uptime')))
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0])
    expect(snapshots(box)).toHaveLength(1)
    const uptimes = runs.map(({ stdout }) => Number(stdout.trim().split('\n').at(-1)))
    expect(Math.max(...uptimes) - Math.min(...uptimes)).toBeLessThan(5)
  })

  test('leaves nothing when rapido is killed while it is made', async ({ boxWithOwnCache: box }) => {
    await box.rapido('cut', 'simple').outcome()
    for (const ms of [700, 1500, 2500]) {
      const run = box.rapido('run', 'simple', '-x', 'sleep 1000')
      run.start()
      await delay(ms)
      run.kill('SIGKILL')
      await run.outcome()
      await expectNothingLeft(box, { withinMs: 3000 })
      expect(processesOf(box.folder)).toEqual([])
    }
    expect(await started(box, '-x', 'true')).toMatchObject({ status: 0 })
  })

  test('that there is no room for is not made, which is told', async ({ boxWithOwnCache: box }) => {
    expect(await started(box, '--cold', '-x', 'true')).toMatchObject({ status: 0 }) // the image, and the kernel
    const unshare = ['unshare', process.geteuid?.() === 0 ? '-m' : '-rm']
    const script = `cp -a "$1" "$1.all" && mount -t tmpfs -o size=400M,mode=700 small "$1" && cp -a --sparse=never "$1.all/." "$1" &&
      head -c $(($(df --output=avail -B1 "$1" | tail -n 1) - 20000000)) /dev/zero >"$1/filler" && shift && exec "$@"`
    const { argv } = box.rapido('run', 'simple', '-x', 'echo ran')
    const run = await box.command([...unshare, 'bash', '-c', script, 'bash', box.cache, ...argv]).outcome()
    expect(run.stdout, run.stderr).toMatch(/^ran$/m)
    expect(run).toMatchObject({ status: 0, stderr: expect.stringMatching(/no snapshot: .*booting instead/) })
  })

  test('is listed by rapido cache, and removed', async ({ boxWithOwnCache: box }) => {
    await started(box, '-x', 'true')
    const list = async () => {
      const cached: { kind: string }[] = JSON.parse((await box.rapido('cache', 'ls', '--json').outcome()).stdout)
      return [...new Set(cached.map(({ kind }) => kind))].sort()
    }
    expect(await list()).toEqual(['image', 'layer', 'snapshot'])
    expect((await box.rapido('cache', 'gc', '--days', '0').outcome()).stdout).toContain('snapshot')
    expect(await list()).toEqual([])
    const never = ['--set', 'snapshot.use=never', '-x', 'true']
    expect(await started(box, ...never)).toMatchObject({ status: 0 })
    expect(await list()).toEqual(['image', 'layer'])
  })
})

function snapshots(box: Sandbox): string[] {
  try {
    return readdirSync(join(box.cache, 'snapshots'))
  } catch {
    return []
  }
}
