import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyOf } from '../helpers/ceph-cluster.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import { Sandbox } from '../helpers/sandbox.js'
import { expectNowhere } from '../helpers/secret.js'

// Clients of Ceph that are programs: in the guest (ceph-fuse, rbd-nbd), and QEMU itself. All use one cluster, that stays
// when VMs go: what one has written just before its power-off is there for the next one.

const content = 'head -c 20000000 /dev/urandom'
const checksum = /^\w{64} {2}-\n/m
let box: Sandbox
let key: string // of the cluster

beforeAll(async () => {
  box = new Sandbox({ cpus: 1 })
  const up = await box.rapido('ceph', 'up', '--osds', '1').outcome()
  expect(up, up.stderr).toMatchObject({ status: 0 })
  key = keyOf(box)
})

afterAll(async () => {
  try {
    await box.rapido('stop', '--all').outcome()
    await box.rapido('ceph', 'down', '--force').outcome()
    await box.rapido('net', 'down', '--force').outcome()
    await expectNothingLeft(box, { withinMs: 5000 })
  } finally {
    box.remove()
  }
})

describe('ceph-fuse', () => {
  let written: string

  test('mounts CephFS, and the key shows nowhere, not even in a trace of boot.sh', async () => {
    const toml = readFileSync(join(packageFolder, 'profiles/cephfs-fuse/profile.toml'), 'utf8')
    box.file('profiles/traced/profile.toml', toml)
    box.file('profiles/traced/boot.sh', 'set -ex\nmount_ceph_fuse "$MNT"\n')
    const booted = await box.rapido('boot', 'traced', '-d').outcome()
    expect(booted, booted.stderr).toMatchObject({ status: 0, stderr: expect.stringMatching(/^\++ ceph-fuse /m) })
    const [vm] = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout)

    const modes = await guest('stat -c "%a %U" /run/rapido/ceph.conf /run/rapido/secrets/ceph_key; stat -fc %T /run')
    expect(modes.stdout).toBe('600 root\n600 root\ntmpfs\n')
    const inGuest = await guest('env; dmesg; cat /run/rapido/*.out /proc/mounts /proc/[0-9]*/{cmdline,environ}')
    expect(inGuest.stdout).toContain(' /mnt/cephfs fuse.ceph-fuse ')
    expect(inGuest.stdout + booted.stdout + booted.stderr).not.toContain(key)
    expectNowhere(key, { box, vm })

    const write = await guest(`${content} >/mnt/cephfs/file; sha256sum </mnt/cephfs/file`)
    written = write.stdout
    expect(await box.rapido('stop', '1').outcome()).toMatchObject({ status: 0 })
  })

  test('writes all that it has before the power goes, and leaves the cluster in order', async () => {
    const run = await box.rapido('run', 'cephfs-fuse', '-x', 'sha256sum </mnt/cephfs/file').outcome()
    expect(run, run.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining(written) })
    await expectNobodyFenced()
  })
})

describe('rbd-nbd and QEMU', () => {
  const image = '/dev/rbd/rbd/rapido'
  let inFile: string
  let onDisk: string

  test('rbd-nbd maps the image, and unmaps it when its file system is unmounted', async () => {
    const write = `mkfs.xfs -q ${image} && mount ${image} /mnt && ${content} >/mnt/file && sha256sum </mnt/file`
    const run = await box.rapido('run', 'rbd-nbd', '-x', `[ ${image} -ef /dev/nbd0 ] && ${write}`).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(checksum) })
    inFile = checksum.exec(run.stdout)?.[0] as string
    await expectNobodyFenced()
  })

  test('QEMU has the image as a virtio disk, of which the guest knows neither the cluster nor a key', async () => {
    const booted = await box.rapido('boot', 'qemu-rbd', '--set', 'disk.more.rbd=rbd/more', '-d').outcome()
    expect(booted, booted.stderr).toMatchObject({ status: 0 })
    const [vm] = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout)
    expectNowhere(key, { box, vm })
    const read = 'mount /dev/vda /mnt && sha256sum </mnt/file'
    expect(await guest(`[ ${image} -ef /dev/vda ] && ${read} && umount /mnt`)).toMatchObject({
      status: 0,
      stdout: inFile,
    })
    const ofCeph = '/run/rapido/{secrets,ceph.conf} /usr/bin/{rbd,ceph}*' // not librbd, which a fio of the host brings
    expect(await guest(`ls -d ${ofCeph}`)).toMatchObject({ stdout: '' })

    onDisk = (await guest(`${content} >/root/file; dd if=/root/file of=/dev/vdb; sha256sum </root/file`)).stdout
    await fault('io-error', 'morea', 'operation=write')
    const failed = await guest('dd if=/dev/zero of=/dev/vdb count=1 oflag=direct seek=60000')
    expect(failed.stderr).toContain('Input/output error')
    await fault('heal', 'morea')
    await fault('path-dead', 'rbda')
    expect(await guest('dd if=/dev/vda of=/dev/null count=1 iflag=direct')).toMatchObject({ status: 1 })
    await fault('path-restore', 'rbda')
    expect(await guest(`sleep 1; ${read}`)).toMatchObject({ stdout: inFile })
    expect(await box.rapido('stop', '1').outcome()).toMatchObject({ status: 0 })
  })

  test('any profile on the network may have such a disk, and of an existing cluster', async () => {
    box.file('key', key, 0o600)
    const existing = ['ceph.cluster=existing', `ceph.conf=${box.state}/ceph/ceph.conf`, 'secrets.ceph_key.file=key']
    const sets = [...existing, 'disk.x.rbd=rbd/more'].flatMap((set) => ['--set', set])
    const read = 'head -c 20000000 /dev/vda | sha256sum'
    const run = await box.rapido('run', 'simple-net', ...sets, '-x', read).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining(onDisk) })
  })

  test('a QEMU that was killed has no lock that others wait for', async () => {
    const writes = 'dd if=/dev/zero of=/dev/vda count=1 oflag=direct'
    const sets = ['--set', 'disk.rbd.rbd=rbd/locked']
    expect(await box.rapido('boot', 'qemu-rbd', ...sets, '-d').outcome()).toMatchObject({ status: 0 })
    expect(await guest(writes)).toMatchObject({ status: 0 })
    const [vm] = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout)
    process.kill(vm.qemuPid, 'SIGKILL')
    const run = await box.rapido('run', 'qemu-rbd', ...sets, '-x', `timeout 3 ${writes}`).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
  })

  test('a disk that cannot be is told before anything is booted', async () => {
    const without = box.file('qemu', `#!/bin/sh\necho "$0: Unknown driver 'rbd'" >&2\nexit 1\n`, 0o755)
    const refusals: [string, string[], number, RegExp][] = [
      ['qemu-rbd', [`qemu.binary=${without}`], 3, /has no driver for RBD images\n.* qemu-block-/],
      ['simple', ['disk.x.rbd=rbd/x'], 2, /the throwaway Ceph cluster is on the bridge/],
      ['simple-net', ['disk.x.rbd=x'], 2, /"x" is not an RBD image; use POOL\/IMAGE/],
    ]
    for (const [profile, sets, status, message] of refusals) {
      const run = await box.rapido('run', profile, ...sets.flatMap((set) => ['--set', set])).outcome()
      expect(run).toMatchObject({ status, stderr: expect.stringMatching(message) })
    }
    const none = await box.rapido('run', 'qemu-rbd', '--set', 'ceph.pool=nopool', '-x', 'true').outcome()
    expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining('the Ceph cluster has no pool "nopool"') })
  })
})

/** A shell line in the guest. */
function guest(line: string) {
  return box.rapido('exec', '1', '--', 'bash', '-c', line).outcome()
}

async function fault(...words: string[]): Promise<void> {
  const done = await box.rapido('fault', '1', ...words).outcome()
  expect(done, done.stderr).toMatchObject({ status: 0 })
}

/** Whoever leaves without a word is fenced by the next VM. */
async function expectNobodyFenced(): Promise<void> {
  const fenced = await box.rapido('ceph', 'exec', 'ceph', 'osd', 'blocklist', 'ls').outcome()
  expect(fenced).toMatchObject({ status: 0, stdout: '' })
}
