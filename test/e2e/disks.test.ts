import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect } from 'vitest'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import type { Sandbox } from '../helpers/sandbox.js'

// The disks of a VM: made for it, or somebody's own.

const ctrlA = '\x01'

describe.concurrent('a disk', () => {
  test('of a size is there, empty, and gone with the VM', async ({ box }) => {
    const set = ['--set', 'disk.data.size=64M', '--set', 'disk.more.size=64M', '--set', 'disk.more.bus=nvme']
    const look = 'sleep 1; cat /sys/block/vda/size /sys/block/nvme0n1/size; cat /sys/block/vda/serial'
    const run = await box.rapido('run', 'simple', ...set, '-x', look).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    expect(run.stdout).toMatch(/^131072\n131072\nrapido-data/m)
    await expectNothingLeft(box)
  })

  test('of a file is written by one VM at a time, kept, and still has what was written before a power cut', async ({
    box,
  }) => {
    const file = box.file('own.img', '')
    truncateSync(file, 64 * 1024 * 1024)
    const own = ['--set', 'disk.own.file=own.img']
    expect(await box.rapido('boot', 'simple', '-d', ...own).outcome()).toMatchObject({ status: 0 })
    const refused = await box.rapido('run', 'simple', ...own).outcome()
    expect(refused).toMatchObject({ status: 3, stdout: '' })
    expect(refused.stderr).toMatch(/disk "own": .*own\.img is in use by another VM\n.*rapido ps/)
    const write = 'for i in 1 2 3; do [ -b /dev/vda ] && break; sleep 1; done; echo written >/dev/vda; sync'
    expect(await box.rapido('exec', '1', '--', 'sh', '-c', write).outcome()).toMatchObject({ status: 0 })
    expect(await box.rapido('fault', '1', 'power-cut').outcome()).toMatchObject({ status: 0 })
    await expectNothingLeft(box, { withinMs: 5000 })
    expect(readFileSync(file).subarray(0, 8).toString()).toBe('written\n')

    const readonly = [...own, '--set', 'disk.own.readonly=true']
    const read = ['-x', 'sleep 1; head -c 8 /dev/vda; echo x >/dev/vda']
    const both = await Promise.all([1, 2].map(() => box.rapido('run', 'simple', ...readonly, ...read).outcome()))
    for (const run of both) {
      expect(run.stdout).toMatch(/^written$/m)
      expect(run.stderr).toMatch(/Operation not permitted|Read-only|Permission denied/)
    }
    expect(existsSync(file)).toBe(true)
    expect(statSync(file).size).toBe(64 * 1024 * 1024)
  })

  test('on zram is memory of the guest: empty after a reset, and nothing of QEMU', { timeout: 180_000 }, async ({
    box,
  }) => {
    box.file(
      'profiles/memory/profile.toml',
      `summary = "A disk on zram"
      [image]
      tools = true
      install = ["mkfs.ext4"]
      drivers = ["ext4"]
      [[machine.disk]]
      id = "data"
      size = "{lio.size}"
      bus = "zram"`,
    )
    const disk = '/run/rapido/zram/rapido-data'
    box.file('profiles/memory/boot.sh', `load ext4; mkfs.ext4 -q ${disk} && mount ${disk} /mnt`)
    const boot = ['boot', 'memory', '-d', '--set', 'lio.size=96M']
    expect(await box.rapido(...boot).outcome()).toMatchObject({ status: 0 })
    const look = `blockdev --getsize64 ${disk}; stat -f -c %T /mnt; ls /mnt; echo text >/mnt/file; cat /mnt/file; sync`
    const seen = { status: 0, stdout: '100663296\next2/ext3\nlost+found\ntext\n' }
    expect(await box.rapido('exec', '1', '--', 'sh', '-c', look).outcome()).toMatchObject(seen)

    const refused = await box.rapido('fault', '1', 'path-dead', 'dataa').outcome()
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("in the guest's memory") })
    expect(await box.rapido('fault', '1', 'reset').outcome()).toMatchObject({ status: 0 })
    expect(await box.rapido('exec', '1', '--', 'sh', '-c', look).outcome()).toMatchObject(seen)
    expect(await box.rapido('stop', '1').outcome()).toMatchObject({ status: 0 })
    await expectNothingLeft(box)
  })

  test('that cannot be is told before anything is booted', async ({ box }) => {
    box.file('folder/x', '')
    const refusals: [string[], RegExp][] = [
      [['disk.x.file=none.img'], /disk "x": \S+none\.img: no such file\n.*truncate -s 1G/],
      [['disk.x.file=folder'], /is neither a file nor a block device/],
      [['disk.x.size=1G', 'disk.x.paths=2'], /disk "x": a virtio disk has one path, not 2/],
      [['disk.x.paths=2'], /disk "x": it has neither a size nor a file/],
      [['disk.x.size=1G', 'disk.x.buss="scsi"'], /unknown; did you mean .*bus/],
      [['disk.x.file=folder/x', 'disk.x.bus=zram'], /disk "x": a zram disk has no file/],
      [
        ['disk.x.size=900T', 'disk.x.bus=zram'],
        /943718912 MiB of memory, this host \d+\n.*--set disk\.x\.size=\d+[MG] /,
      ],
    ]
    for (const [sets, message] of refusals) {
      const run = await box.rapido('run', 'simple', ...sets.flatMap((set) => ['--set', set])).outcome()
      const status = /of memory/.test(message.source) ? 3 : 2
      expect(run).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(message) })
    }
    await expectNothingLeft(box)
  })
})

describe.concurrent('the profile multipath', () => {
  test('has as many paths as wanted, each on its own controller', async ({ box }) => {
    const set = [
      '--set',
      'disk.hd.paths=4',
      '--set',
      'disk.hd.controllers=each',
      '--set',
      'multipath.policy=round-robin',
    ]
    const look = 'dmsetup table mpatha; ls -d /sys/class/scsi_host/host* | wc -l'
    const run = await box.rapido('run', 'multipath', ...set, '-x', look).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    expect(run.stdout).toMatch(/^\/dev\/mapper\/mpatha has 4 paths$/m)
    expect(run.stdout).toMatch(/ round-robin 0 4 1 \d+:\d+ .*\n4\n/)
  })

  test("takes the programs of multipath.src, with that tree's libraries", async ({ box }) => {
    const tree = makeMultipathTree(box)
    const look =
      'tr "\\0" " " </proc/$(pgrep -x multipathd)/cmdline; grep -o "\\S*libmultipath.so.*" /proc/$(pgrep -x multipathd)/maps | head -n 1'
    const run = await box.rapido('run', 'multipath', '--set', `multipath.src=${tree}`, '-x', look).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    expect(run.stdout).toContain(`${tree}/multipathd/multipathd -d -s`)
    expect(run.stdout).toContain(`${tree}/libmultipath/libmultipath.so.0`)
  })

  test('takes drive_del at the monitor, as it was always done', { timeout: 180_000 }, async ({ box }) => {
    const terminal = box.terminal(['boot', 'multipath'])
    await terminal.expect(/rapido1:~# /)
    terminal.type('mkfs.xfs -q /dev/mapper/mpatha && mount /dev/mapper/mpatha /mnt && echo mount-$?\r')
    await terminal.expect(/mount-0/)
    terminal.type(`${ctrlA}c`)
    await terminal.expect(/\(qemu\)/)
    terminal.type('drive_del hda\r')
    await terminal.expect(/drive_del hda[\s\S]*\(qemu\)/)
    terminal.type(`${ctrlA}c`)
    // A checker that looked just before may reinstate the path once more.
    terminal.type('\recho text >/mnt/file; sync; until multipath -ll | grep "failed faulty"; do sleep 0.2; done\r')
    await terminal.expect(/failed faulty running/)
    terminal.type('cat /mnt/file; echo read-$?\r')
    await terminal.expect(/text\s+read-0/)
    terminal.type('exit\r')
    expect(await terminal.ended).toBe(0)
  })
})

/** What `make` leaves in a tree of multipath-tools, as far as the profile looks at it: here it is the distribution's. */
function makeMultipathTree(box: Sandbox): string {
  const tree = join(box.work, 'multipath-tools')
  const put = (from: string, to: string) => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    copyFileSync(from, join(tree, to))
  }
  for (const program of ['multipath', 'multipathd']) put(`/usr/sbin/${program}`, `${program}/${program}`)
  const linked = execFileSync('ldd', ['/usr/sbin/multipathd'], { encoding: 'utf8' })
  for (const [, name = '', path = ''] of linked.matchAll(/^\s*(libm(?:ulti)?path\S*) => (\S+)/gm)) {
    put(path, `${name.replace(/\.so.*/, '')}/${name}`)
  }
  return tree
}
