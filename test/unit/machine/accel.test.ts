import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chooseAcceleration } from '../../../src/machine/accel.js'

let folder: string
let file: string // of the verdict

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-accel-'))
  file = join(folder, 'state/accel.json')
  writeFileSync(join(folder, 'kvm'), '') // stands for a /dev/kvm that opens, whatever this host has
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A fake QEMU of test/fixtures/bin, in this test's folder, where it counts its calls. */
function fakeQemu(name: string): string {
  const path = join(folder, 'qemu')
  copyFileSync(join('test/fixtures/bin', name), path)
  chmodSync(path, 0o755)
  return path
}

const calls = () => {
  const log = join(folder, 'qemu.calls')
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
}

function choose(qemu: string, changes: Partial<Parameters<typeof chooseAcceleration>[0]> = {}, probeMs = 5000) {
  return chooseAcceleration(
    { wanted: 'auto', qemu, kernel: '/boot/vmlinuz', file, probe: true, ...changes },
    { device: join(folder, 'kvm'), probeMs },
  )
}

describe('auto', () => {
  test('is KVM where a guest is seen to run', async () => {
    expect(await choose(fakeQemu('qemu-runs-guests'))).toEqual({ accel: 'kvm' })
    expect(calls()).toEqual([expect.stringMatching(/-accel kvm .*-kernel \/boot\/vmlinuz .*panic=-1.*-no-reboot/)])
  })

  test.each([
    ['qemu-refuses-kvm', 'qemu-system-x86_64: error: failed to set MSR 0x10a to 0x0'],
    ['qemu-ends-silently', 'the probe ended with status 0'],
  ])('is TCG with %s, and says why', async (name, why) => {
    expect(await choose(fakeQemu(name))).toEqual({ accel: 'tcg', note: `KVM runs no guest here (${why}): using TCG` })
    expect(calls()).toHaveLength(1)
  })

  test('is TCG where the guest hangs, and the probe is ended', async () => {
    const chosen = await choose(fakeQemu('qemu-hangs'), {}, 200)
    expect(chosen).toEqual({ accel: 'tcg', note: 'KVM runs no guest here (the probe hung): using TCG' })
    const pid = Number(readFileSync(join(folder, 'qemu.pid'), 'utf8'))
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('is TCG without a probe where KVM does not open', async () => {
    const qemu = fakeQemu('qemu-runs-guests')
    rmSync(join(folder, 'kvm'))
    expect(await choose(qemu)).toEqual({ accel: 'tcg', note: `no access to ${folder}/kvm: using TCG` })
    expect([calls(), existsSync(file)]).toEqual([[], false])
  })

  test('says that it does not know, where it may not probe', async () => {
    const chosen = await choose(fakeQemu('qemu-refuses-kvm'), { probe: false })
    expect(chosen).toEqual({ accel: 'kvm', note: 'whether KVM runs guests here is found out by the first boot' })
    expect([calls(), existsSync(file)]).toEqual([[], false])
  })

  test('stops probing when told to, and keeps no verdict', async () => {
    const choosing = choose(fakeQemu('qemu-hangs'), { signal: AbortSignal.timeout(100) })
    await expect(choosing).rejects.toMatchObject({ code: 'interrupted' })
    expect(existsSync(file)).toBe(false)
  })
})

describe('the verdict', () => {
  test.each(['qemu-runs-guests', 'qemu-refuses-kvm'])(
    'of %s is kept, for whoever asks, for this user only',
    async (name) => {
      const qemu = fakeQemu(name)
      const first = await choose(qemu)
      expect(await choose(qemu)).toEqual(first)
      expect(await choose(qemu, { probe: false })).toEqual(first)
      expect(calls()).toHaveLength(1)
      expect([statSync(file).mode & 0o777, statSync(join(folder, 'state')).mode & 0o777]).toEqual([0o600, 0o700])
    },
  )

  test('of another QEMU does not count', async () => {
    await choose(fakeQemu('qemu-refuses-kvm'))
    expect(await choose(fakeQemu('qemu-runs-guests'))).toEqual({ accel: 'kvm' })
    expect(calls()).toHaveLength(2)
  })

  test('of another boot of this host does not count', async () => {
    const qemu = fakeQemu('qemu-runs-guests')
    await choose(qemu)
    const verdict = JSON.parse(readFileSync(file, 'utf8'))
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    expect(verdict.subject).toContain(bootId)
    const other = { subject: verdict.subject.replace(bootId, '00000000-0000'), failure: 'it hung' }
    writeFileSync(file, JSON.stringify(other))
    expect(await choose(qemu)).toEqual({ accel: 'kvm' })
    expect(calls()).toHaveLength(2)
  })

  test('that cannot be read is found anew', async () => {
    const qemu = fakeQemu('qemu-runs-guests')
    await choose(qemu)
    writeFileSync(file, '{"subj')
    expect(await choose(qemu)).toEqual({ accel: 'kvm' })
    expect(calls()).toHaveLength(2)
  })
})

test.each(['kvm', 'tcg'] as const)('%s is taken by its word', async (wanted) => {
  expect(await choose(fakeQemu('qemu-hangs'), { wanted })).toEqual({ accel: wanted })
  expect(calls()).toEqual([])
})
