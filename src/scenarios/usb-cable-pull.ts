import assert from 'node:assert/strict'
import { scenario, type Vm } from '../index.js'

/** The link of the disk, whatever its name is: gadget-disk of the profile sets it. */
const disk = '/dev/disk/by-id/usb-rapido-gadget'

/** How many contents there are: file N has that of source N % 100. */
const sources = 100

/** How many files have to be acknowledged before the cable is pulled. */
const leastAcknowledged = 15

/**
 * Writes one file after the other, and notes each that fsync has acknowledged: in memory, for the disk goes away. Meanwhile
 * another process writes and never pauses, so that the cable is pulled in the middle of writing, whenever that is. What it is
 * told comes behind what the first is told: both at once would be mixed.
 */
const writers = `
while dd if=/dev/zero of=/mnt/usb/stream bs=64K count=3000 conv=notrunc oflag=dsync status=none; do :; done 2>/tmp/stream.err &
for ((n = 0; ; n++)); do
  printf -v source /tmp/source/%02d $((n % ${sources}))
  dd if=$source of=/mnt/usb/$n bs=64K conv=fsync status=none || break
  echo $n >>/tmp/acknowledged
done
wait
cat /tmp/stream.err >&2`

export default scenario({
  summary: 'The cable of a USB disk is pulled while files are written: XFS recovers, no file that was synced is lost',
  machines: { guest: { profile: 'usb-gadget', settings: { 'usb_gadget.backing': 'zram', 'usb_gadget.size': '512M' } } },
  timeout: '5m',

  async run({ guest }, { step, note }) {
    await step('a file system is made', async () => {
      await allowLargeRequests(guest)
      await guest.succeed(`mkfs.xfs -q -K ${disk} && mkdir /mnt/usb && mount ${disk} /mnt/usb`, { timeoutMs: 60_000 })
      await guest.succeed(`mkdir /tmp/source && head -c $((${sources} * 65536)) /dev/urandom |
        split -b 64K -d -a 2 - /tmp/source/ && cd /tmp/source && sha256sum * >/tmp/checksums`)
    })

    const writing = guest.start(writers)
    writing.stdin.end()
    const written = writing.collect()
    const { stderr } = await step('files are written, and the cable is pulled', async () => {
      const acknowledged = `[[ $(wc -l </tmp/acknowledged) -ge ${leastAcknowledged} ]]`
      await guest.waitFor(acknowledged, { timeoutMs: 120_000 })
      await guest.fault('usb-unplug')
      return await guest.within('the writers did not end', 60_000, written)
    })
    await step('it is plugged in again', async () => {
      await guest.succeed('umount /mnt/usb')
      await guest.fault('usb-plug')
      await guest.succeed('gadget-disk')
      await allowLargeRequests(guest)
      await guest.succeed(`mount ${disk} /mnt/usb`, { timeoutMs: 60_000 })
    })
    await step('every file that was synced is as it was written', async () => {
      const count = await verify(guest)
      note(`${count} files were acknowledged before the cable was pulled`)
      assert.ok(count >= leastAcknowledged)
    })
    await step('who was writing was told, and the log was replayed', async () => {
      const told = (file: string) => new RegExp(`'${file}': (Input/output error|No such device)`)
      const said = stderr.toString()
      assert.match(said, told('/mnt/usb/stream'), `the cable was not pulled in the middle of writing: ${said}`)
      assert.match(said, told('/mnt/usb/\\d+'), `nobody who wrote a file was told: ${said}`)
      const log = await guest.succeed("dmesg | grep -E 'USB disconnect|XFS '")
      assert.match(log, /USB disconnect[\s\S]*has been shut down[\s\S]*Starting recovery[\s\S]*Ending recovery/i)
    })
    await step('and the disk can be written again', async () => {
      await guest.succeed('dd if=/tmp/source/00 of=/mnt/usb/again conv=fsync && cmp /tmp/source/00 /mnt/usb/again')
      await guest.succeed('umount /mnt/usb')
    })
  },
})

/** Each request waits for several ticks of the emulated bus: with small ones mkfs alone takes ten seconds. */
async function allowLargeRequests(guest: Vm): Promise<void> {
  await guest.succeed(`d=$(readlink -f ${disk}) && echo 2048 >/sys/block/\${d##*/}/device/max_sectors`)
}

/** Compares the files that were acknowledged with their checksums; returns how many they are. */
async function verify(guest: Vm): Promise<number> {
  const acknowledged = (await guest.succeed('cat /tmp/acknowledged')).trim().split('\n')
  const sums = (await guest.succeed('cat /tmp/checksums')).trim().split('\n')
  const expected = acknowledged.map((file) => `${sums[Number(file) % sources]?.split(' ')[0]}  ${file}`)
  const input = `${expected.join('\n')}\n`
  const { status, stdout, stderr } = await guest.exec('cd /mnt/usb && sha256sum --quiet -c -', { input })
  const wrong = stdout.trim().split('\n')
  assert.ok(
    status === 0,
    `${wrong.length} of the ${acknowledged.length} files that were synced are lost: ${wrong[0] || stderr}`,
  )
  return acknowledged.length
}
