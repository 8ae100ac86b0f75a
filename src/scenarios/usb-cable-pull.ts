import assert from 'node:assert/strict'
import { scenario, type Vm } from '../index.js'

/** The link of the disk, whatever its name is: gadget-disk of the profile sets it. */
const disk = '/dev/disk/by-id/usb-rapido-gadget'

/** How many files there are to write at most, and how many have to be acknowledged before the cable is pulled. */
const files = 300
const leastAcknowledged = 30

/**
 * Writes one file after the other, and notes each that fsync has acknowledged: in memory, for the disk goes away. A line in
 * the kernel's log tells what was under way when. Between two files there is nothing but this shell: no pause to be hit.
 */
const writer = `
cd /tmp/source
for name in *; do
  echo "<7>writer: begins $name" >/dev/kmsg
  dd if=$name of=/mnt/usb/$name bs=64K conv=fsync status=none || exit
  echo $name >>/tmp/acknowledged
  echo "<7>writer: has $name" >/dev/kmsg
done`

export default scenario({
  summary: 'The cable of a USB disk is pulled while files are written: XFS recovers, no file that was synced is lost',
  machines: { guest: { profile: 'usb-gadget', settings: { 'usb_gadget.backing': 'zram', 'usb_gadget.size': '512M' } } },
  timeout: '3m',

  async run({ guest }, { step, note }) {
    await step('a file system is made', async () => {
      // Without that mkfs takes ten seconds: each request waits for several ticks of the emulated bus.
      await guest.succeed(`d=$(readlink -f ${disk}) && echo 2048 >/sys/block/\${d##*/}/device/max_sectors`)
      await guest.succeed(`mkfs.xfs -q -K ${disk} && mkdir /mnt/usb && mount ${disk} /mnt/usb`, { timeoutMs: 60_000 })
      await guest.succeed(`mkdir /tmp/source && head -c $((${files} * 65536)) /dev/urandom |
        split -b 64K -d -a 4 - /tmp/source/ && cd /tmp/source && sha256sum * >/tmp/checksums
        echo on >/proc/sys/kernel/printk_devkmsg # the kernel drops lines otherwise`)
    })

    const writing = guest.start(writer)
    writing.stdin.end()
    const written = writing.collect()
    const { status, stderr } = await step('files are written, and the cable is pulled', async () => {
      const acknowledged = `[[ $(wc -l </tmp/acknowledged) -ge ${leastAcknowledged} ]]`
      await guest.waitFor(acknowledged, { timeoutMs: 60_000 })
      await guest.fault('usb-unplug')
      return await guest.within('the writer did not end', 60_000, written)
    })
    await step('it is plugged in again', async () => {
      await guest.succeed('umount /mnt/usb')
      await guest.fault('usb-plug')
      await guest.succeed('gadget-disk')
      await guest.succeed(`mount ${disk} /mnt/usb`, { timeoutMs: 30_000 })
    })
    await step('every file that was synced is as it was written', async () => {
      const count = await verify(guest)
      note(`${count} files were acknowledged before the cable was pulled`)
      assert.ok(count >= leastAcknowledged)
    })
    await step('who was writing was told, and the log was replayed', async () => {
      assert.notEqual(status, 0, 'all files were written: nothing was interrupted')
      assert.match(stderr.toString(), /Input\/output error|No such device/)
      const log = await guest.succeed("dmesg | grep -E 'writer: |USB disconnect|XFS '")
      const [before = '', after = ''] = log.split(/.*USB disconnect.*/)
      const [last = ''] = before.match(/writer: .*/g)?.slice(-1) ?? []
      assert.match(last, /^writer: begins /, 'the cable was not pulled in the middle of writing')
      assert.match(after, /has been shut down[\s\S]*Starting recovery[\s\S]*Ending recovery/i)
    })
    await step('and the disk can be written again', async () => {
      await guest.succeed('dd if=/tmp/source/0000 of=/mnt/usb/again conv=fsync && cmp /tmp/source/0000 /mnt/usb/again')
      await guest.succeed('umount /mnt/usb')
    })
  },
})

/** Compares the files that were acknowledged with their checksums; returns how many they are. */
async function verify(guest: Vm): Promise<number> {
  const wanted = new Set((await guest.succeed('cat /tmp/acknowledged')).trim().split('\n'))
  const sums = (await guest.succeed('cat /tmp/checksums')).trim().split('\n')
  const expected = sums.filter((line) => wanted.has(line.split(/\s+/)[1] ?? ''))
  assert.equal(expected.length, wanted.size)
  const input = `${expected.join('\n')}\n`
  const { status, stdout, stderr } = await guest.exec('cd /mnt/usb && sha256sum --quiet -c -', { input })
  const wrong = stdout.trim().split('\n')
  assert.ok(
    status === 0,
    `${wrong.length} of the ${wanted.size} files that were synced are lost: ${wrong[0] || stderr}`,
  )
  return wanted.size
}
