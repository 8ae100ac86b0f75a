import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { scenario } from '../index.js'
import { expectPaths, reconfigure, twoPaths } from './parts/multipath-map.js'

const paths = ['hda', 'hdb']
const outageMs = 3000

/** How often multipathd looks at a map without paths before it gives up: once a second. */
const retries = 5

export default scenario({
  summary: 'Without any path I/O waits and goes on later; with an end to the retries it fails in time',
  machines: { guest: twoPaths },
  timeout: '120s',

  async run({ guest }, { step, note }) {
    const load = guest.load('/dev/mapper/mpatha')
    await step('both paths are cut, and I/O waits', async () => {
      await load.progress(100, { timeoutMs: 20_000 })
      for (const path of paths) await guest.fault('path-dead', { path })
      await expectPaths(guest, { active: 0, failed: 2 })
      await delay(1500) // what was done before is told within a second
      const before = load.sofar
      await delay(outageMs)
      assert.deepEqual(load.sofar, before, 'I/O goes on without a path')
    })
    await step('one comes back, and I/O goes on', async () => {
      await guest.fault('path-restore', { path: 'hda' })
      await expectPaths(guest, { active: 1, failed: 1 })
      await load.progress(100, { timeoutMs: 20_000 })
      await guest.fault('path-restore', { path: 'hdb' })
      await expectPaths(guest, { active: 2, failed: 0 })
    })
    await step('nothing was lost', async () => {
      const { errors, mismatches, longestGapMs, firstProblem } = await load.stop()
      note(`no path for ${outageMs / 1000} s and more: longest gap ${longestGapMs} ms`)
      assert.equal(errors, 0, `I/O errors: ${firstProblem}`)
      assert.equal(mismatches, 0, `blocks that are not as written: ${firstProblem}`)
      assert.ok(longestGapMs >= outageMs, 'the gap is shorter than the outage: the paths were not cut')
    })
    await step(`with no_path_retry ${retries} I/O fails in the end`, async () => {
      await reconfigure(guest, 'no_path_retry', String(retries))
      for (const path of paths) await guest.fault('path-dead', { path })
      const startedAt = performance.now()
      const write = 'dd if=/dev/zero of=/dev/mapper/mpatha bs=4096 count=1 oflag=direct'
      const { stderr } = await guest.fail(write, { timeoutMs: 30_000 })
      const seconds = (performance.now() - startedAt) / 1000
      note(`no_path_retry ${retries}: error after ${seconds.toFixed(1)} s`)
      assert.match(stderr, /Input\/output error/)
      assert.ok(seconds > 1, 'it failed at once: nothing was queued')
      assert.ok(seconds < 3 * retries, `it took ${seconds.toFixed(1)} s`)
    })
  },
})
