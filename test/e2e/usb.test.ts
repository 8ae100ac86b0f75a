import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { packageFolder } from '../helpers/places.js'

// USB gadgets, and what becomes of one when its cable is pulled. usbip is in docs/targets.md, whose examples readme.test.ts runs.

const disk = '/dev/disk/by-id/usb-rapido-gadget'
const sameData = (backing: string) =>
  `dd if=/dev/urandom of=${disk} bs=1M count=1 oflag=direct status=none; cmp -n 1M ${disk} ${backing}`

describe('a USB gadget', () => {
  test('on compressed memory is a disk of the same guest, that can be ejected, unplugged and plugged in', {
    timeout: 240_000,
  }, async ({ box }) => {
    const rapido = (...words: string[]) => box.rapido(...words).outcome()
    const guest = (line: string) => rapido('exec', '1', '--', 'bash', '-c', line)
    const booted = await rapido('boot', 'usb-gadget', '--set', 'usb_gadget.speed=super', '--detach')
    expect(booted, booted.stderr).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/ is \/dev\/sd\w, 5000 Mbit/),
    })
    expect(await guest(`io-load ${disk} --seconds 1 && ${sameData('/dev/zram0')}`)).toMatchObject({ status: 0 })

    expect(await rapido('fault', '1', 'usb-plug')).toMatchObject({ status: 2 })
    expect(await rapido('fault', '1', 'usb-eject')).toMatchObject({ status: 0 })
    expect(await guest(`head -c 4096 ${disk}`)).toMatchObject({ status: 1 })
    expect(await rapido('fault', '1', 'usb-insert')).toMatchObject({ status: 0 })
    expect(await guest(`cmp -n 1M ${disk} /dev/zram0`)).toMatchObject({ status: 0 })

    expect(await rapido('fault', '1', 'usb-unplug')).toMatchObject({ status: 0 })
    expect(await guest('grep -x RAPIDO000001 /sys/bus/usb/devices/*/serial')).toMatchObject({ status: 1 })
    expect(await rapido('fault', '1', 'usb-plug')).toMatchObject({ status: 0 })
    expect(await guest(`gadget-disk && cmp -n 1M ${disk} /dev/zram0`)).toMatchObject({ status: 0 })
    expect(await rapido('stop', '1')).toMatchObject({ status: 0 })
  })

  test('on dm-crypt stores what nobody can read below', { timeout: 120_000 }, async ({ box }) => {
    const sets = ['--set', 'usb_gadget.backing=crypt', '--set', 'usb_gadget.speed=full']
    const commands = ['-x', sameData('/dev/mapper/gadget'), '-x', `! (${sameData('/dev/zram0')})`]
    const run = await box.rapido('run', 'usb-gadget', ...sets, ...commands).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining(', 12 Mbit/s') })
  })

  test('on an RBD image is the gateway to it', { timeout: 240_000 }, async ({ box }) => {
    const sets = ['--set', 'usb_gadget.backing=rbd', '--set', 'ceph.osds=1']
    const run = await box.rapido('run', 'usb-gadget', ...sets, '-x', sameData('/dev/rbd/rbd/rapido')).outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
  })

  test('is what a script of the user makes, and boot.sh fails with it', { timeout: 120_000 }, async ({ box }) => {
    box.file('gadget.sh', 'echo "on $UDC, $BACKING"; exit 7\n')
    const run = await box.rapido('run', 'usb-gadget', '--set', 'usb_gadget.script=gadget.sh', '-x', 'true').outcome()
    expect(run.status).toBe(1)
    expect(run.stdout + run.stderr).toMatch(
      /on dummy_udc\.0, \/dev\/zram0[\s\S]*usb_gadget\.script ended with status 7/,
    )
  })
})

describe('the scenario usb-cable-pull', () => {
  test('passes', { timeout: 240_000 }, async ({ box }) => {
    const run = await box.rapido('scenario', 'usb-cable-pull', '--json', 'out.json').outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    const { notes } = JSON.parse(readFileSync(join(box.work, 'out.json'), 'utf8'))
    expect(notes).toContainEqual(expect.stringMatching(/^\d+ files were acknowledged/))
  })

  test('fails where nothing is synced', { timeout: 240_000 }, async ({ box }) => {
    cpSync(join(packageFolder, 'profiles/usb-gadget'), join(box.work, 'profiles/usb-gadget'), { recursive: true })
    // A dd that does not sync comes first on everybody's PATH.
    box.file('profiles/usb-gadget/dd', '#!/bin/bash\nexec /usr/bin/dd $(printf "%s\\n" "$@" | grep -v fsync)\n', 0o755)
    const toml = readFileSync(join(packageFolder, 'profiles/usb-gadget/profile.toml'), 'utf8')
    const include = 'include = [\n  { from = "dd", to = "/usr/local/sbin/dd" },'
    box.file('profiles/usb-gadget/profile.toml', toml.replace(/(?<=\[boot\]\n)include = \[/, include))
    const run = await box.rapido('scenario', 'usb-cable-pull').outcome()
    expect(run.status, run.stderr).toBe(1)
    expect(run.stderr).toMatch(/FAIL {2}(every file that was synced|who was writing was told)/)
  })
})
