import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import type { Sandbox } from '../helpers/sandbox.js'
import { expectNowhere } from '../helpers/secret.js'

// SCSI targets (lio, tcmu-runner), and who uses them: an iSCSI initiator in another VM, or the same guest. One after the
// other, for most are two VMs. What is not here is in the examples of README.md and docs/targets.md, which readme.test.ts
// runs: iscsi-failover, the loops, usbip.

const chapPassword = 'of-a-test-0123456789'

describe('a target over iSCSI', () => {
  test('each LUN is a disk with two paths, with CHAP, and the password shows nowhere', { timeout: 240_000 }, async ({
    box,
  }) => {
    box.file('password', `${chapPassword}\n`, 0o600)
    box.file(
      'rapido.toml',
      `[vm]
      cpus = 1
      [lio]
      size = "320M"
      [iscsi]
      chap_user = "me"
      [secrets]
      chap_password = { file = "password" }
      [profile.lio.disk.data]
      size = "64M"
      `,
    )
    const booted = await box.rapido('boot', 'iscsi', '--detach').outcome()
    expect(booted, booted.stderr).toMatchObject({ status: 0 })
    const vms = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout)
    const initiator = vms.find(({ profile }: { profile: string }) => profile === 'open-iscsi')
    const guest = async (line: string) => {
      const run = await box.rapido('exec', String(initiator.number), '--', 'bash', '-c', line).outcome()
      expect(run, run.stderr).toMatchObject({ status: 0 })
      return run.stdout
    }
    expect(await guest('ls /dev/mapper')).toBe('control\nlun0\nlun1\nlun2\nlun3\n')
    const paths = (await guest('ls /dev/disk/by-path')).trim().split('\n')
    expect(paths).toHaveLength(8)
    expect(paths[0]).toMatch(/^ip-192\.168\.155\.\d+:3260-iscsi-iqn\.2003-01\.org\.linux-iscsi:rapido-lun-0$/)
    const names = (await guest('cat /sys/block/sd*/device/wwid')).match(/^naa\.6001405[0-9a-f]{25}$/gm)
    expect(names).toHaveLength(8)
    expect(new Set(names).size).toBe(4)
    await guest('for n in 0 1 2 3; do io-load /dev/mapper/lun$n --seconds 1 || exit; done')
    const copied =
      'mkfs.xfs -q /dev/mapper/lun1 && mount /dev/mapper/lun1 /mnt && cp /bin/bash /mnt && cmp /bin/bash /mnt/bash'
    await guest(copied) // it stays mounted: power-off has to see to it
    // LUN 2 is the slow one: 100 ms for each operation.
    const slow = 'TIMEFORMAT=%R; time dd if=/dev/mapper/lun2 of=/dev/null bs=4k count=50 iflag=direct status=none'
    const seconds = (line: string) => guest(`{ ${line}; } 2>&1`).then(Number)
    expect(await seconds(slow)).toBeGreaterThan(5)
    expect(await seconds(slow.replace('lun2', 'lun1'))).toBeLessThan(5)

    for (const vm of vms) expectNowhere(chapPassword, { box, vm })
    const told = await guest('env; dmesg; cat /proc/cmdline /proc/[0-9]*/{cmdline,environ}')
    expect(await guest('stat -c %a /etc/iscsi/iscsid.conf')).toBe('600\n')
    expect(told + booted.stdout + booted.stderr).not.toContain(chapPassword)
    expect(await box.rapido('stop', '--all').outcome()).toMatchObject({ status: 0 })
    await expectNothingLeft(box, { withinMs: 5000 })
  })

  test('refuses who has no ACL, and the initiator says so', { timeout: 240_000 }, async ({ box }) => {
    box.file('rapido.toml', '[vm]\ncpus = 1\n[profile.lio.iscsi]\ninitiators = ["iqn.1994-05.com.example:other"]\n')
    const run = await box.rapido('run', 'iscsi', '-x', 'true').outcome()
    expect(run.status).toBe(1)
    expect(run.stdout + run.stderr).toMatch(/no login as iqn\.2007-10\.com\.github:sahlberg:libiscsi:iscsi-test/)
    expect(run.stdout + run.stderr).toMatch(/authorization failure/)
  })

  test('of an RBD image is a disk of the initiator', { timeout: 240_000 }, async ({ box }) => {
    box.file('rapido.toml', '[vm]\ncpus = 1\n[ceph]\nosds = 1\n')
    box.file('profiles/gateway/profile.toml', 'summary = "x"\n[group]\ntarget = "lio-rbd"\ninitiator = "open-iscsi"\n')
    const load = 'initiator: io-load /dev/mapper/lun0 --seconds 2'
    const run = await box.rapido('run', 'gateway', '-x', load, '-x', 'target: lsblk /dev/rbd0').outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    expect(run.stdout).toMatch(/"errors":0,.*"mismatches":0/)
  })
})

test("SUSE's backstore is named where the kernel has none", async ({ box }) => {
  const run = await box.rapido('doctor', 'lio-rbd', '--set', 'lio.rbd_backstore=rbd').outcome()
  expect(run).toMatchObject({ status: 3, stdout: expect.stringContaining('driver target_core_rbd') })
})

describe('the scenario', () => {
  test.for<[string, RegExp]>([
    ['iscsi-target-crash', /^\d+ operations, longest gap \d+ ms$/],
    ['tcmu-daemon-kill', /^\d+ operations, longest gap \d+ ms$/],
  ])('%s passes, and tells how long I/O stood still', { timeout: 300_000 }, async ([name, note], { box }) => {
    const run = await box.rapido('scenario', name, '--json', 'out.json').outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    const { notes } = JSON.parse(readFileSync(join(box.work, 'out.json'), 'utf8'))
    expect(notes).toContainEqual(expect.stringMatching(note))
    await expectNothingLeft(box, { withinMs: 5000 })
  })

  test('iscsi-failover fails where multipathd does nothing', { timeout: 300_000 }, async ({ box }) => {
    changeBootScript(box, 'open-iscsi', (script) => `${script}\nkill -STOP $(pgrep multipathd)\n`)
    const run = await box.rapido('scenario', 'iscsi-failover').outcome()
    expect(run.status, run.stderr).not.toBe(0)
    expect(run.stderr).toMatch(/^FAIL {2}(one link is cut|it comes back)/m)
  })
})

/** A copy of a shipped profile, with another boot.sh. */
function changeBootScript(box: Sandbox, profile: string, change: (script: string) => string): void {
  for (const each of [profile, 'multipath']) {
    cpSync(join(packageFolder, 'profiles', each), join(box.work, 'profiles', each), { recursive: true })
  }
  const script = readFileSync(join(packageFolder, 'profiles', profile, 'boot.sh'), 'utf8')
  box.file(`profiles/${profile}/boot.sh`, change(script))
}
