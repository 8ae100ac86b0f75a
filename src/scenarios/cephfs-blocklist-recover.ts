import assert from 'node:assert/strict'
import { scenario } from '../index.js'
import { FileLoad } from './parts/ceph-files.js'

const mostMs = 30_000

export default scenario({
  summary: 'A client of CephFS is shut out and, mounted with recover_session=clean, comes back by itself',
  machines: {
    guest: {
      profile: 'cephfs',
      settings: { 'ceph.cluster': 'throwaway', 'ceph.mount_opts': 'recover_session=clean' },
    },
  },
  timeout: '3m',

  async run({ guest }, { step, note }) {
    // A sync that is on its way when the client is shut out may wait for ever: Linux 6.1 drops what it waits for.
    const files = new FileLoad(guest, '/mnt/cephfs/files', { attemptMs: 5000 })
    await step('the client is shut out, and comes back', async () => {
      await files.progress(10, { timeoutMs: 30_000 })
      await guest.fault('client-blocklist')
      await files.progress(1, { timeoutMs: mostMs })
      await files.progress(5, { timeoutMs: 30_000 })
    })
    await step('what was synced before and after is there', async () => {
      const { written, failed, longestGapMs } = await files.stop()
      note(`${written} files, ${failed} attempts refused, longest stall ${longestGapMs} ms`)
      assert.ok(failed > 0 || longestGapMs > 500, 'nothing was felt of the blocklist')
      await guest.waitForConsole(/auto reconnect after blocklisted/, { timeoutMs: 5000 })
    })
  },
})
