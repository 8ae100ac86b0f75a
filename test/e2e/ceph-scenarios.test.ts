import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'

// The scenarios of Ceph that come with rapido, each with a cluster of its own.

describe.concurrent('the scenario', () => {
  test.for<[string, RegExp]>([
    ['cephfs-mds-failover', /^mds-kill: \d+ files, longest stall \d+ ms; blocks \d+ ms$/],
    ['rbd-osd-failure', /^osd-stop: \d+ operations, longest stall \d+ ms$/],
    ['cephfs-blocklist-recover', /^\d+ files, \d+ attempts refused, longest stall \d+ ms$/],
  ])('%s passes, and tells how long I/O stood still', { timeout: 240_000 }, async ([name, note], { box }) => {
    const run = await box.rapido('scenario', name, '--json', 'out.json').outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    const { notes } = JSON.parse(readFileSync(join(box.work, 'out.json'), 'utf8'))
    expect(notes).toContainEqual(expect.stringMatching(note))
    await expectNothingLeft(box, { withinMs: 5000 })
  })

  test('rbd-osd-failure fails where no OSD is left to go on with', { timeout: 240_000 }, async ({ box }) => {
    box.file(
      'all-dead.mjs',
      `export default {
        machines: { guest: { profile: 'rbd', settings: { 'ceph.osds': 1 } } },
        async run({ guest }) {
          const load = guest.load('/dev/rbd/rbd/rapido')
          await load.progress(10, { timeoutMs: 20000 })
          await guest.fault('osd-kill', { osd: 0 })
          await load.progress(10, { timeoutMs: 5000 })
        },
      }`,
    )
    const run = await box.rapido('scenario', './all-dead.mjs').outcome()
    expect(run).toMatchObject({ status: 5, stderr: expect.stringContaining('10 more operations of the load') })
  })
})
