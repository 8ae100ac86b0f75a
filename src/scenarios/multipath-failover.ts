import assert from 'node:assert/strict'
import { scenario } from '../index.js'
import { expectPaths, sectors, twoPaths } from './parts/multipath-map.js'

/** Longest time without I/O that a failover may take. */
const mostGapMs = 1000

export default scenario({
  summary: 'Each of two paths is cut under I/O and comes back; no error, no wrong block, no gap of a second',
  machines: { guest: twoPaths },
  timeout: '90s',

  async run({ guest }, { step, note }) {
    for (const path of ['hda', 'hdb']) {
      const load = guest.load('/dev/mapper/mpatha')
      await step(`I/O goes on while ${path} is cut`, async () => {
        await load.progress(100, { timeoutMs: 20_000 })
        await guest.fault('path-dead', { path })
        await expectPaths(guest, { active: 1, failed: 1 })
        await load.progress(100, { timeoutMs: 20_000 })
      })
      await step(`${path} comes back and is used again`, async () => {
        await guest.fault('path-restore', { path })
        await expectPaths(guest, { active: 2, failed: 0 })
        const before = await sectors(guest)
        await load.progress(500, { timeoutMs: 20_000 })
        const after = await sectors(guest)
        for (const [index, count] of after.entries()) assert.ok(count > (before[index] ?? 0), 'a path is not used')
      })
      await step(`nothing was lost when ${path} was cut`, async () => {
        const { errors, mismatches, longestGapMs, writes, reads, firstProblem } = await load.stop()
        note(`${path}: ${writes + reads} operations, longest gap ${longestGapMs} ms`)
        assert.equal(errors, 0, `I/O errors: ${firstProblem}`)
        assert.equal(mismatches, 0, `blocks that are not as written: ${firstProblem}`)
        assert.ok(longestGapMs < mostGapMs, `the longest gap was ${longestGapMs} ms, not under ${mostGapMs} ms`)
      })
    }
  },
})
