import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { VmInfo } from '../../dist/runs/vm-info.js'
import { keyOf, onSmallDisk } from '../helpers/ceph-cluster.js'
import { testOfSeveral } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import { isRunning } from '../helpers/processes.js'
import { Sandbox } from '../helpers/sandbox.js'
import { expectNowhere } from '../helpers/secret.js'
import { until } from '../helpers/until.js'

// The kernel's clients of Ceph: CephFS and RBD.

describe('a cluster that its VMs keep', () => {
  testOfSeveral('is made with the first VM, used by both, and gone with the last one', async ({ box }) => {
    const copy = 'cp /bin/bash /mnt/cephfs/$RAPIDO_ROLE && cmp /bin/bash /mnt/cephfs/$RAPIDO_ROLE'
    const other = 'until [ -e /mnt/cephfs/$((3 - RAPIDO_ROLE)) ]; do sleep 0.1; done'
    const set = ['--set', 'ceph.osds=1']
    const run = await box.rapido('run', 'cephfs', '-n', '2', ...set, '-x', copy, '-x', other).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    await expectNothingLeft(box, { withinMs: 5000 })
  })

  testOfSeveral('that is killed while a VM mounts ends its run, in time', async ({ box }) => {
    const toml = readFileSync(join(packageFolder, 'profiles/cephfs/profile.toml'), 'utf8')
    box.file('profiles/late/profile.toml', toml)
    box.file('profiles/late/boot.sh', 'echo mounting; sleep 2; mount_cephfs "$MNT"; sleep 100\n')
    const run = box.rapido('run', 'late', '--set', 'ceph.osds=1')
    await run.saying(/^mounting$/m)
    process.kill(Number(readFileSync(join(box.state, 'ceph/keeper'), 'utf8')), 'SIGKILL')
    expect(await run.outcome()).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('the Ceph cluster has ended under the VM'),
    })
    await expectNothingLeft(box, { withinMs: 5000 })
  })

  testOfSeveral('that has no room left on the disk of the host ends its run', async ({ box }) => {
    const write = 'dd if=/dev/urandom of=/mnt/cephfs/large bs=1M count=64 conv=fsync'
    const run = await onSmallDisk(box, '16M', 'run', 'cephfs', '--set', 'ceph.osds=1', '-x', write)
    expect(run, run.stderr).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/(mon|osd)\.\w of the Ceph cluster has ended: there is no space left/),
    })
  })
})

describe('a cluster that is up', () => {
  let box: Sandbox
  let key: string

  beforeAll(async () => {
    box = new Sandbox({ cpus: 1 })
    await succeed('ceph', 'up', '--osds', '1')
    key = keyOf(box)
  })

  afterAll(async () => {
    try {
      await box.rapido('stop', '--all').outcome()
      await box.rapido('ceph', 'down', '--force').outcome()
      await expectNothingLeft(box, { withinMs: 5000 })
    } finally {
      box.remove()
    }
  })

  test('is mounted encrypted by one VM and read over the old protocol by another, and the key shows nowhere', async () => {
    const toml = readFileSync(join(packageFolder, 'profiles/cephfs/profile.toml'), 'utf8')
    box.file('profiles/traced/profile.toml', toml)
    box.file('profiles/traced/boot.sh', 'set -ex\nmount_cephfs "$MNT"\n')
    const booted = await succeed(
      'boot',
      'traced',
      '-d',
      '--set',
      'ceph.ms_mode=secure',
      '--set',
      'ceph.mount_opts=noatime',
    )
    expect(booted.stderr).toMatch(/^\++ mount -i /m)
    const [vm] = await vms()
    const write = 'head -c 10000000 /dev/urandom >/mnt/cephfs/file; sync; sha256sum </mnt/cephfs/file'
    const written = (await exec('1', write)).stdout
    const look = 'cat /proc/cmdline /proc/mounts /proc/[0-9]*/{cmdline,environ}; dmesg; env; ls -R /run /root /tmp'
    const seen = await exec('1', look)
    expect(seen.stdout).toMatch(/ \/mnt\/cephfs ceph .*noatime.*ms_mode=secure/)
    expect((await exec('1', 'stat -c %a /run/rapido/secrets/ceph_key')).stdout).toBe('600\n')
    const shown = await succeed('show', 'cephfs')
    for (const text of [seen.stdout, booted.stdout, booted.stderr, shown.stdout]) expect(text).not.toContain(key)
    expectNowhere(key, { box, vm: vm as VmInfo })

    const old = await succeed('run', 'cephfs', '--set', 'ceph.ms_mode=legacy', '-x', 'sha256sum </mnt/cephfs/file')
    expect(old.stdout).toContain(written)
    await succeed('stop', '1')
  })

  test('has an RBD image that one VM maps, formats and unmaps, and another finds as it was', async () => {
    const image = '/dev/rbd/rbd/rapido'
    const write = `mkfs.xfs -q ${image} && mount ${image} /mnt && cp /bin/bash /mnt && sha256sum </mnt/bash && umount /mnt`
    const first = await succeed('run', 'rbd', '--set', 'ceph.ms_mode=crc', '-x', write)
    const read = `mount ${image} /mnt && sha256sum </mnt/bash`
    const second = await succeed('run', 'rbd', '--set', 'ceph.ms_mode=legacy', '-x', read)
    const checksum = /^\w{64}/m.exec(first.stdout)?.[0] as string
    expect(second.stdout).toContain(checksum)
    expect(await fenced()).toEqual([]) // both left in order
  })

  test('lets the next VM in at once after one was killed, and shuts out that one alone', async () => {
    await succeed('boot', 'cephfs', '-d')
    await succeed('boot', 'cephfs', '-d')
    const holding = box.rapido(
      'exec',
      '1',
      '--',
      'bash',
      '-c',
      'exec 5>/mnt/cephfs/held; echo held >&5; sync; echo holds; sleep 1000',
    )
    await holding.saying(/holds/)
    const victim = (await vms()).find(({ number }) => number === 1) as VmInfo
    process.kill(victim.qemuPid as number, 'SIGKILL')
    await until(() => !isRunning(victim.pid), 10_000)
    await holding.outcome()
    const from = performance.now()
    expect((await exec('2', 'cat /mnt/cephfs/held; echo more >/mnt/cephfs/held')).stdout).toBe('held\n')
    expect(performance.now() - from).toBeLessThan(10_000) // it would be a minute
    expect(await fenced()).toEqual([expect.stringMatching(/^192\.168\.155\.101:0\//)])

    await succeed('fault', '2', 'client-evict')
    await succeed('fault', '2', 'client-allow') // an MDS shuts out whom it evicts
    await succeed('fault', '2', 'client-blocklist')
    expect((await box.rapido('exec', '2', '--', 'ls', '/mnt/cephfs').outcome()).stderr).toContain('Permission denied')
    await succeed('fault', '2', 'client-allow')
    expect(await fenced()).toHaveLength(1)

    // A supervisor that is killed fences nobody: the next VM does.
    const other = (await vms())[0] as VmInfo
    process.kill(other.pid, 'SIGKILL')
    await until(() => !isRunning(other.qemuPid as number), 10_000)
    await succeed('run', 'cephfs', '-x', 'timeout 10 bash -c "cat /mnt/cephfs/held"')
    expect(await fenced()).toHaveLength(2)
  })

  test.for<[string, string[], number, RegExp]>([
    ['a file system that is not there', ['ceph.fs=nope'], 2, /has no file system "nope"\n.*it has cephfs/],
    ['a key that is not the one', ['ceph.keyring=wrong'], 2, /refuses the key of client\.admin \(.*wrong\)/],
    ['a user that is not there', ['ceph.user=nobody'], 2, /has no key of client\.nobody\n.*client\.admin/],
    ['a conf that is not there', ['ceph.conf=none.conf'], 2, /cannot read ceph\.conf at .*none\.conf: ENOENT/],
  ])('as an existing one, with %s, is refused in words', async ([, sets, status, message]) => {
    writeFileSync(join(box.work, 'wrong'), `[client.admin]\n\tkey = AQBSdFFmAAAAABAAwDHNVsfE3N1TRzO8lFsUQw==\n`)
    const existing = ['ceph.cluster=existing', `ceph.conf=${join(box.state, 'ceph/ceph.conf')}`, ...sets]
    const run = await box.rapido('run', 'cephfs', ...existing.flatMap((set) => ['--set', set])).outcome()
    expect(run, run.stderr).toMatchObject({ status, stderr: expect.stringMatching(message) })
  })

  test('without an active MDS, or a monitor, says so', async () => {
    await succeed('ceph', 'exec', '--', 'ceph', 'fs', 'fail', 'cephfs')
    const noMds = await box.rapido('run', 'cephfs').outcome()
    expect(noMds).toMatchObject({ status: 3, stderr: expect.stringContaining('has no active MDS') })
    await succeed('ceph', 'exec', '--', 'ceph', 'fs', 'set', 'cephfs', 'joinable', 'true')
    await succeed('fault', 'ceph', 'mon-kill')
    const existing = ['--set', 'ceph.cluster=existing', '--set', `ceph.conf=${join(box.state, 'ceph/ceph.conf')}`]
    const noMonitor = await box.rapido('run', 'cephfs', ...existing).outcome()
    expect(noMonitor).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/no monitor of the Ceph cluster answers: 192\.168\.155\.1:3300/),
    })
    await succeed('fault', 'ceph', 'mon-start')
  })

  async function succeed(...args: string[]) {
    const run = await box.rapido(...args).outcome()
    expect(run, `${args.join(' ')}: ${run.stderr}`).toMatchObject({ status: 0 })
    return run
  }

  async function exec(vm: string, line: string) {
    return succeed('exec', vm, '--', 'bash', '-c', line)
  }

  async function vms(): Promise<VmInfo[]> {
    return JSON.parse((await succeed('ps', '--json')).stdout)
  }

  /** The client instances that are shut out. */
  async function fenced(): Promise<string[]> {
    const dump = await succeed('ceph', 'exec', '--', 'ceph', 'osd', 'dump', '--format', 'json')
    return Object.keys(JSON.parse(dump.stdout).blocklist).filter((address) => address.startsWith('192.168.155.10'))
  }
})
