import assert from 'node:assert/strict'
import { scenario } from '../index.js'

/** Longest time without I/O: an OSD that answers nobody is missed after 6 s. */
const mostGapMs = 25_000

export default scenario({
  summary: 'One of three OSDs is killed, another one hangs, under I/O on an RBD image: no error, no wrong block',
  machines: { guest: { profile: 'rbd', settings: { 'ceph.cluster': 'throwaway', 'ceph.osds': 3 } } },
  timeout: '3m',

  async run({ guest }, { step, note }) {
    for (const { verb, osd } of [{ verb: 'osd-kill', osd: 0 } as const, { verb: 'osd-stop', osd: 1 } as const]) {
      const load = guest.load('/dev/rbd/rbd/rapido', { pauseMs: 20 })
      await step(`I/O goes on after ${verb}`, async () => {
        await load.progress(50, { timeoutMs: 30_000 })
        await guest.fault(verb, { osd })
        await load.progress(100, { timeoutMs: 60_000 })
      })
      await step('and when the OSD is back', async () => {
        await guest.fault('osd-start', { osd })
        await load.progress(100, { timeoutMs: 60_000 })
      })
      await step('nothing was lost', async () => {
        const { errors, mismatches, writes, reads, longestGapMs, firstProblem } = await load.stop()
        note(`${verb}: ${writes + reads} operations, longest stall ${longestGapMs} ms`)
        assert.equal(errors + mismatches, 0, firstProblem)
        assert.ok(longestGapMs < mostGapMs, `the longest stall was ${longestGapMs} ms, not under ${mostGapMs} ms`)
      })
    }
  },
})
