import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { scenario } from '../index.js'

/** The disk of the guest that is behind the daemon. */
const disk = '/dev/sda'

/** How long the daemon is away. */
const awayMs = 4000

/** Longest time without I/O: Ceph gives the image to the new daemon once it has missed the old one for 30 s. */
const mostGapMs = 90_000

export default scenario({
  summary: 'tcmu-runner is killed under I/O: I/O stands still until it is started again; no error, no wrong block',
  machines: { guest: { profile: 'tcmu-rbd-loop', settings: { 'ceph.cluster': 'throwaway' } } },
  timeout: '5m',

  async run({ guest }, { step, note }) {
    const load = guest.load(disk, { pauseMs: 20 })
    const operations = () => (load.sofar?.writes ?? 0) + (load.sofar?.reads ?? 0)
    await step('I/O stands still while there is no daemon', async () => {
      await load.progress(50, { timeoutMs: 30_000 })
      await guest.succeed('kill -KILL $(</run/tcmu/pid)')
      await delay(1500) // what was done before is told by then
      const before = operations()
      await delay(awayMs)
      assert.equal(operations(), before, 'I/O goes on without a daemon')
    })
    await step('and goes on when it is started again', async () => {
      await guest.succeed('. /usr/local/lib/tcmu.sh && start_tcmu_runner', { timeoutMs: 75_000 })
      await load.progress(100, { timeoutMs: mostGapMs })
    })
    await step('nothing was lost', async () => {
      const { errors, mismatches, writes, reads, longestGapMs, firstProblem } = await load.stop()
      note(`${writes + reads} operations, longest gap ${longestGapMs} ms`)
      assert.equal(errors, 0, `I/O errors: ${firstProblem}`)
      assert.equal(mismatches, 0, `blocks that are not as written: ${firstProblem}`)
      assert.ok(longestGapMs > awayMs, `the longest gap was ${longestGapMs} ms: the daemon was away for ${awayMs} ms`)
      assert.ok(longestGapMs < mostGapMs, `the longest gap was ${longestGapMs} ms, not under ${mostGapMs} ms`)
    })
  },
})
