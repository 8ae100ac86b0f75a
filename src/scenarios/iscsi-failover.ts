import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { scenario } from '../index.js'
import { assertIntact, assertUsed, expectPaths, failoverMs, lunPaths, pauseMs, twoWays } from './parts/iscsi.js'

/** What a busy host may add to a failover. */
const marginMs = 10_000

const outageMs = 6000

/** From the links until I/O goes on: the initiator tries to connect every few seconds. */
const reconnectMs = 20_000

export default scenario({
  summary: 'One of two links to an iSCSI target is cut under I/O, then both: no error, no wrong block, bounded gaps',
  machines: twoWays,
  timeout: '4m',

  async run({ initiator }, { step, note }) {
    const one = initiator.load('/dev/mapper/lun0', { pauseMs })
    await step('I/O goes both ways', async () => {
      await one.progress(100, { timeoutMs: 20_000 })
      const before = await expectPaths(initiator, 0, [true, true])
      await one.progress(100, { timeoutMs: 20_000 })
      assertUsed(before, await lunPaths(initiator, 0))
    })
    await step('one link is cut, and I/O goes on', async () => {
      await initiator.fault('link-down', { nic: 'nic1' })
      const before = await expectPaths(initiator, 0, [true, false])
      await one.progress(100, { timeoutMs: 20_000 })
      const after = await lunPaths(initiator, 0)
      assertUsed(before.slice(0, 1), after.slice(0, 1))
      assert.equal(after[1]?.sectors, before[1]?.sectors, 'I/O goes where the link is cut')
    })
    await step('it comes back, and is used again', async () => {
      await initiator.fault('link-up', { nic: 'nic1' })
      const before = await expectPaths(initiator, 0, [true, true])
      await one.progress(100, { timeoutMs: 20_000 })
      assertUsed(before, await lunPaths(initiator, 0))
    })
    await step('nothing was lost, and the gap is what the time-outs allow', async () => {
      const result = await one.stop()
      note(`one link: longest gap ${result.longestGapMs} ms; the time-outs are ${failoverMs} ms`)
      assertIntact(result)
      const mostMs = failoverMs + marginMs
      assert.ok(result.longestGapMs < mostMs, `the longest gap was ${result.longestGapMs} ms, not under ${mostMs} ms`)
    })

    const both = initiator.load('/dev/mapper/lun0', { pauseMs })
    await step('both links are cut, and I/O waits', async () => {
      await both.progress(100, { timeoutMs: 20_000 })
      for (const nic of ['nic0', 'nic1']) await initiator.fault('link-down', { nic })
      await delay(1500) // what was done before is told within a second
      const before = both.sofar
      await Promise.all([expectPaths(initiator, 0, [false, false]), delay(outageMs)])
      assert.deepEqual(both.sofar, before, 'I/O goes on without a link')
    })
    await step('they come back, and I/O goes on', async () => {
      for (const nic of ['nic0', 'nic1']) await initiator.fault('link-up', { nic })
      await both.progress(100, { timeoutMs: reconnectMs })
      await expectPaths(initiator, 0, [true, true])
    })
    await step('nothing was lost when both were cut', async () => {
      const result = await both.stop()
      note(`both links, for ${outageMs} ms and more: longest gap ${result.longestGapMs} ms`)
      assertIntact(result)
      assert.ok(result.longestGapMs >= outageMs, 'the gap is shorter than the outage: the links were not cut')
    })
  },
})
