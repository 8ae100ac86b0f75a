import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot, type Vm } from '../../dist/index.js'
import { expectPaths, mapPaths } from '../../dist/scenarios/parts/multipath-map.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { Sandbox } from '../helpers/sandbox.js'

// Every fault, by what the guest sees of it; and that its undo brings things back.

const mpatha = '/dev/mapper/mpatha'

describe('a disk with two paths', () => {
  const guest = useVm(() => ({ profile: 'multipath' }))

  test.each([
    ['path-dead', 'path-restore', { active: 1, failed: 1 }],
    ['unplug', 'plug', { active: 1, failed: 0 }],
  ] as const)('%s fails it over without a wrong or lost block, %s brings the path back', async (verb, undo, then) => {
    const { vm } = guest
    const load = vm.load(mpatha)
    await load.progress(50, { timeoutMs: 30_000 })
    await vm.fault(verb, { path: 'hda' })
    await expectPaths(vm, then)
    await load.progress(50, { timeoutMs: 30_000 })
    await expect(vm.fault(verb, { path: 'hda' })).rejects.toMatchObject({ code: 'usage', message: /already/ })
    await vm.fault(undo, { path: 'hda' })
    await expectPaths(vm, { active: 2, failed: 0 })
    expect(await load.stop()).toMatchObject({ errors: 0, mismatches: 0 })
  })

  test('io-error fails the path, heal has it used again', async () => {
    const { vm } = guest
    const load = vm.load(mpatha)
    await vm.fault('io-error', { path: 'hdb' })
    await vm.waitFor('dmesg | grep -q "Failing path"', { timeoutMs: 20_000 })
    await load.progress(50, { timeoutMs: 30_000 })
    await vm.fault('heal', { path: 'hdb' })
    await expectPaths(vm, { active: 2, failed: 0 })
    expect(await load.stop()).toMatchObject({ errors: 0, mismatches: 0 })
  })

  test('resize is seen on both paths, and undone', async () => {
    const { vm } = guest
    const sizes = () => vm.succeed('cat /sys/block/sd*/size')
    await vm.fault('resize', { disk: 'hd', size: '2G' })
    await vm.waitUntil(async () => (await sizes()) === '4194304\n4194304\n', { timeoutMs: 10_000 })
    await vm.fault('resize', { disk: 'hd', size: '1G' })
    await vm.succeed('for file in /sys/block/sd*/device/rescan; do echo 1 >$file; done')
    expect(await sizes()).toBe('2097152\n2097152\n')
  })

  test('with every path cut I/O waits, and the load tells how long', async () => {
    const { vm } = guest
    const load = vm.load(mpatha)
    await load.progress(50, { timeoutMs: 30_000 })
    await vm.fault('path-dead', { path: 'hda' })
    await vm.fault('path-dead', { path: 'hdb' })
    await expectPaths(vm, { active: 0, failed: 2 })
    await expect(load.progress(2000, { timeoutMs: 2000 })).rejects.toMatchObject({ code: 'timeout' })
    await vm.fault('path-restore', { path: 'hda' })
    await vm.fault('path-restore', { path: 'hdb' })
    await expectPaths(vm, { active: 2, failed: 0 })
    const { errors, longestGapMs } = await load.stop()
    expect(errors).toBe(0)
    expect(longestGapMs).toBeGreaterThan(1500)
  })

  test('who types drive_del at the monitor does the same', async () => {
    const { vm } = guest
    const state = async (name: string) => (await vm.machine.faults.targets()).find((each) => each.name === name)?.state
    const drive = (await vm.machine.qmp.monitor('info block')).match(/^(hda\d*)/m)?.[1]
    expect(await vm.machine.qmp.monitor(`drive_del ${drive}`)).toBe('')
    await vm.succeed(`dd if=/dev/zero of=${mpatha} bs=4096 count=8 oflag=direct`)
    expect(await state('hda')).toBe('dead')
    await vm.fault('path-restore', { path: 'hda' })
    expect(await state('hda')).toBe('up')
    await expectPaths(vm, { active: 2, failed: 0 })
    expect(await mapPaths(vm)).toHaveLength(2)
  })
})

describe('disks on other buses', () => {
  const guest = useVm((box) => {
    const image = 'install = ["dd", "cat", "dmesg", "grep", "ls", "sync", "touch"]'
    const drivers = 'drivers = ["virtio_blk", "nvme", "usb_storage", "xhci_pci", "sd_mod"]'
    const disks = ['virtio', 'nvme', 'usb'].map(
      (bus) => `[[machine.disk]]\nid = "${bus}"\nsize = "64M"\nbus = "${bus}"`,
    )
    box.profile('disks', {
      toml: ['network = "user"', '[image]', image, drivers, ...disks].join('\n'),
      bootScript:
        'load virtio_blk nvme xhci_pci usb_storage sd_mod; echo booted >>/run/boots; wait_for 20 test -b /dev/sda',
    })
    return { profile: 'disks' }
  })
  const names = { virtio: 'vda', nvme: 'nvme0n1', usb: 'sda' }
  const buses = ['virtio', 'nvme', 'usb'] as const
  const read = (bus: keyof typeof names, options = 'count=1') =>
    `dd if=/dev/${names[bus]} of=/dev/null bs=4096 iflag=direct ${options}`

  test.each(buses)('%s: io-error is EIO, and heal ends it', async (bus) => {
    const { vm } = guest
    const path = `${bus}a`
    await vm.fault('io-error', { path, operation: 'read' })
    expect((await vm.fail(read(bus), { timeoutMs: 60_000 })).stderr).toMatch(/Input\/output error|No data available/)
    await vm.fault('heal', { path })
    await vm.succeed(read(bus))
  })

  test('io-error is of one sector, or of every third write', async () => {
    const { vm } = guest
    await vm.fault('io-error', { path: 'virtioa', sector: 2048 })
    await vm.succeed(read('virtio', 'count=4'))
    await vm.fail(read('virtio', 'skip=256 count=1'))
    await vm.fault('io-error', { path: 'virtioa', operation: 'write', every: 3 })
    const write = 'dd if=/dev/zero of=/dev/vda bs=4096 count=1 oflag=direct 2>/dev/null && echo -n + || echo -n -'
    expect(await vm.succeed(`for i in 1 2 3 4 5 6 7 8 9; do ${write}; done`)).toBe('++-++-++-')
    await vm.fault('heal', { path: 'virtioa' })
  })

  test.each(buses)('%s: slow takes its time, and heal ends that', async (bus) => {
    const { vm } = guest
    const path = `${bus}a`
    const takes = async () => {
      const startedAt = performance.now()
      await vm.succeed(read(bus, 'count=6'))
      return performance.now() - startedAt
    }
    await vm.fault('slow', { path, latency: '400ms' })
    const slowMs = await takes()
    expect(slowMs).toBeGreaterThan(1500)
    await vm.fault('heal', { path })
    expect(await takes()).toBeLessThan(slowMs - 800) // of six that waited 400 each
  })

  test('hang leaves I/O without an answer, until heal', async () => {
    const { vm } = guest
    await vm.fault('hang', { path: 'virtioa' })
    const reading = vm.exec(read('virtio', 'count=8'))
    expect(await Promise.race([reading, delay(1500, 'hangs')])).toBe('hangs')
    await vm.fault('heal', { path: 'virtioa' })
    expect(await reading).toMatchObject({ status: 0 })
  })

  test.each(buses)('%s: unplug takes the disk away, and plug brings it back', async (bus) => {
    const { vm } = guest
    const path = `${bus}a`
    const count = async () =>
      Number(await vm.succeed(`ls -d /sys/block/${names[bus].slice(0, 2)}* 2>/dev/null | grep -c .; :`))
    await vm.fault('unplug', { path })
    await vm.waitUntil(async () => (await count()) === 0, { what: 'no disk', timeoutMs: 10_000 })
    await vm.fault('plug', { path })
    await vm.waitUntil(async () => (await count()) === 1, { what: 'a disk', timeoutMs: 20_000 })
  })

  test('link-down takes the carrier, link-up gives it back', async () => {
    const { vm } = guest
    const carrier = (is: string) => `grep -q ${is} /sys/class/net/eth0/carrier`
    await vm.fault('link-down')
    await vm.waitFor(carrier('0'), { timeoutMs: 10_000 })
    await vm.fault('link-up', { nic: 'nic0' })
    await vm.waitFor(carrier('1'), { timeoutMs: 10_000 })
  })

  test('freeze stops the clock of the guest, thaw starts it again', async () => {
    const { vm } = guest
    const uptime = async () => Number((await vm.succeed('cat /proc/uptime')).split(' ')[0])
    const startedAt = performance.now()
    const before = await uptime()
    await vm.fault('freeze')
    const answer = vm.exec('echo awake')
    expect(await Promise.race([answer, delay(3000, 'frozen')])).toBe('frozen')
    await vm.fault('thaw')
    expect(await answer).toMatchObject({ stdout: 'awake\n' })
    const passed = (await uptime()) - before
    expect(passed).toBeLessThan((performance.now() - startedAt) / 1000 - 2.5) // of the three in which it was frozen
  })

  test('nmi is one that the kernel tells of', async () => {
    const { vm } = guest
    await vm.fault('nmi')
    await vm.waitForConsole(/NMI received for unknown reason/, { timeoutMs: 10_000 })
  })

  test('reset boots the guest again, with what was on its disks', { timeout: 180_000 }, async () => {
    const { vm } = guest
    await vm.succeed('echo kept | dd of=/dev/vda conv=sync,fsync 2>/dev/null; touch /run/not-kept')
    const fails = expect(vm.exec('sleep 1000')).rejects.toMatchObject({ message: 'the guest was reset' })
    await vm.fault('reset')
    await fails
    expect(
      await vm.succeed('cat /run/boots; ls /run/not-kept 2>/dev/null; dd if=/dev/vda bs=5 count=1 2>/dev/null'),
    ).toBe('booted\nkept\n')
  })

  test('what cannot be is refused with what there is', async () => {
    const { vm } = guest
    const { box } = guest
    const fault = (...words: string[]) => box.rapido('fault', '1', ...words).outcome()
    const refusals: [string[], RegExp][] = [
      [['path-ded', 'virtioa'], /no fault "path-ded"; did you mean "path-dead"\?/],
      [['path-dead', 'hda'], /vm1 has no path "hda"\n.*there are virtioa, nvmea, usba/],
      [['path-dead'], /path-dead path: missing/],
      [['slow', 'virtioa'], /slow: how slow\?\n.*latency=200ms/],
      [['io-error', 'virtioa', 'operation=wriet'], /operation: "wriet" is not known; did you mean "write"\?/],
      [['resize', 'usb', 'size=1G'], /a USB disk does not tell its guest/],
      [['link-down', 'nic7'], /vm1 has no NIC "nic7"\n.*there are nic0/],
      [['freeze', 'hda'], /freeze is for the whole VM: what is "hda"\?/],
    ]
    for (const [words, message] of refusals) {
      expect(await fault(...words)).toMatchObject({ status: 2, stderr: expect.stringMatching(message) })
    }
    expect((await box.rapido('fault', '1').outcome()).stdout).toMatch(/^path +virtioa +virtio +up$/m)
    expect(await fault('slow', 'virtioa', 'iops=100')).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(await fault('heal', 'virtioa')).toMatchObject({ status: 0 })
    await vm.succeed(read('virtio'))
  })

  test('power-cut ends the VM at once', async () => {
    const { vm, box } = guest
    const startedAt = performance.now()
    await vm.fault('power-cut')
    expect(performance.now() - startedAt).toBeLessThan(3000)
    expect(await vm.closed).toEqual({ kind: 'quit' })
    await expectNothingLeft(box)
  })
})

test('reset leaves a VM in the background running, with a shell on its console', { timeout: 180_000 }, async () => {
  const box = new Sandbox()
  try {
    expect(await box.rapido('boot', 'simple', '--detach').outcome()).toMatchObject({ status: 0 })
    expect(await box.rapido('fault', '1', 'reset').outcome()).toMatchObject({ status: 0, stderr: '' })
    expect(await box.rapido('exec', '1', '--', 'uname', '-n').outcome()).toMatchObject({ stdout: 'rapido1\n' })
    const console = box.terminal(['console', '1'])
    console.type('\r')
    await console.expect(/rapido1:~# /)
    console.hangUp()
    expect(await box.rapido('stop', '1').outcome()).toMatchObject({ status: 0 })
    await expectNothingLeft(box, { withinMs: 5000 })
  } finally {
    box.remove()
  }
})

/** A VM for the tests of a group. */
function useVm(prepare: (box: Sandbox) => { profile: string }): { vm: Vm; box: Sandbox } {
  const guest = {} as { vm: Vm; box: Sandbox }
  beforeAll(async () => {
    guest.box = new Sandbox({ cpus: 1 })
    guest.vm = await boot(prepare(guest.box).profile, guest.box.options())
  })
  afterAll(async () => {
    await guest.vm?.stop()
    await expectNothingLeft(guest.box)
    guest.box.remove()
  })
  return guest
}
