import assert from 'node:assert/strict'
import { scenario, type Vm } from '../index.js'
import { assertIntact, expectPaths, pauseMs, twoWays } from './parts/iscsi.js'

/** From the target that is up again until I/O goes on. */
const reconnectMs = 30_000

/** Where the load does not write: behind the first 4 MiB. */
const elsewhere = 'bs=1M count=8'

export default scenario({
  summary: 'An iSCSI target crashes under I/O and boots again: the initiator gets it back, nothing is lost',
  machines: twoWays,
  timeout: '4m',

  async run({ target, initiator }, { step, note }) {
    const load = initiator.load('/dev/mapper/lun3', { pauseMs })
    const bootBefore = await bootId(target)
    const written = await step('data is written, and I/O is under way', async () => {
      await initiator.succeed(`dd if=/dev/urandom of=/dev/mapper/lun3 ${elsewhere} seek=16 oflag=direct`)
      await expectPaths(initiator, 3, [true, true])
      await load.progress(100, { timeoutMs: 20_000 })
      return await checksum(initiator)
    })
    await step('the target crashes, and boots again', async () => {
      await target.fault('reset')
      assert.notEqual(await bootId(target), bootBefore, 'the target has not booted')
    })
    await step('the initiator gets its disk back by itself', async () => {
      await load.progress(100, { timeoutMs: reconnectMs })
      await expectPaths(initiator, 3, [true, true])
    })
    await step('nothing was lost', async () => {
      const result = await load.stop()
      note(`${result.writes + result.reads} operations, longest gap ${result.longestGapMs} ms`)
      assertIntact(result)
      assert.ok(result.longestGapMs > 1000, 'nothing was felt of the crash')
      assert.equal(await checksum(initiator), written, 'what was written before the crash is not what is there')
    })
  },
})

async function bootId(vm: Vm): Promise<string> {
  return await vm.succeed('cat /proc/sys/kernel/random/boot_id')
}

/** Of what was written beside the load; past the page cache. */
async function checksum(initiator: Vm): Promise<string> {
  return await initiator.succeed(
    `set -o pipefail; dd if=/dev/mapper/lun3 ${elsewhere} skip=16 iflag=direct | sha256sum`,
  )
}
