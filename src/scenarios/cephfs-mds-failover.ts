import assert from 'node:assert/strict'
import { scenario } from '../index.js'
import { FileLoad } from './parts/ceph-files.js'

/** Longest time that files may wait while an MDS takes over. */
const mostGapMs = 30_000

export default scenario({
  summary: 'The active MDS is killed under I/O, then told to fail: one that stands by takes over, nothing is lost',
  machines: { guest: { profile: 'cephfs', settings: { 'ceph.cluster': 'throwaway', 'ceph.mds': 2 } } },
  timeout: '3m',

  async run({ guest }, { step, note }) {
    await guest.succeed('truncate -s 4M /mnt/cephfs/blocks')
    for (const verb of ['mds-kill', 'mds-fail'] as const) {
      const blocks = guest.load('/mnt/cephfs/blocks', { pauseMs: 20 })
      const files = new FileLoad(guest, `/mnt/cephfs/${verb}`)
      await step(`files and blocks are written again after ${verb}`, async () => {
        await files.progress(5, { timeoutMs: 30_000 })
        await guest.fault(verb)
        await files.progress(5, { timeoutMs: 60_000 })
        await blocks.progress(50, { timeoutMs: 30_000 })
      })
      await step(`nothing was lost by ${verb}`, async () => {
        const { written, failed, longestGapMs } = await files.stop()
        const { errors, mismatches, firstProblem, longestGapMs: blockGapMs } = await blocks.stop()
        note(`${verb}: ${written} files, longest stall ${longestGapMs} ms; blocks ${blockGapMs} ms`)
        assert.equal(failed, 0, 'a file could not be written')
        assert.equal(errors + mismatches, 0, firstProblem)
        assert.ok(longestGapMs < mostGapMs, `files waited ${longestGapMs} ms, not under ${mostGapMs} ms`)
      })
      if (verb === 'mds-kill') await step('the MDS that was killed stands by', () => guest.fault('mds-start'))
    }
  },
})
