import assert from 'node:assert/strict'
import { scenario, type Vm } from '../index.js'
import { mapPaths } from './parts/multipath-map.js'

type State = 'optimized' | 'nonoptimized' | 'standby'

/** What the target says of its two groups of ports, one after the other; I/O must follow the better one. */
const changes: { a: State; b: State; expected: 'a' | 'b' }[] = [
  { a: 'nonoptimized', b: 'optimized', expected: 'b' },
  { a: 'optimized', b: 'standby', expected: 'a' },
  { a: 'standby', b: 'optimized', expected: 'b' },
  { a: 'optimized', b: 'nonoptimized', expected: 'a' },
]

const mostGapMs = 1000

export default scenario({
  summary: 'The target changes which path is optimized, under I/O: it follows, with no error and no gap of a second',
  machines: { guest: { profile: 'multipath-alua', settings: { 'multipath.no_path_retry': 'queue' } } },
  timeout: '120s',

  async run({ guest }, { step, note }) {
    const load = guest.load('/dev/mapper/mpatha')
    await load.progress(100, { timeoutMs: 20_000 })
    for (const { a, b, expected } of changes) {
      await step(`a is ${a}, b is ${b}: I/O goes to ${expected}`, async () => {
        await guest.succeed(`alua ${expected} ${expected === 'a' ? a : b}`) // the better one first: never without any
        await guest.succeed(`alua ${expected === 'a' ? 'b' : 'a'} ${expected === 'a' ? b : a}`)
        const inUse = async () => (await pathInUse(guest)) === expected
        await guest.waitUntil(inUse, { what: `I/O on the path of group ${expected}`, timeoutMs: 20_000 })
        await load.progress(200, { timeoutMs: 20_000 })
      })
    }
    await step('nothing was lost', async () => {
      const { errors, mismatches, longestGapMs, writes, reads, firstProblem } = await load.stop()
      note(`${writes + reads} operations, longest gap ${longestGapMs} ms`)
      assert.equal(errors, 0, `I/O errors: ${firstProblem}`)
      assert.equal(mismatches, 0, `blocks that are not as written: ${firstProblem}`)
      assert.ok(longestGapMs < mostGapMs, `the longest gap was ${longestGapMs} ms, not under ${mostGapMs} ms`)
    })
  },
})

/** The group of target ports that gets the I/O; undefined where that is more than one. */
async function pathInUse(guest: Vm): Promise<'a' | 'b' | undefined> {
  const [used, ...more] = (await mapPaths(guest)).filter(({ isInUse }) => isInUse)
  if (used === undefined || more.length > 0) return undefined
  // boot.sh makes the HBA of group a first.
  const loopback = "grep -l tcm_loopback /sys/class/scsi_host/host*/proc_name | head -n 1 | sed 's,[^0-9],,g'"
  const ofGroupA = await guest.succeed(`cat /sys/bus/scsi/devices/$(${loopback}):*/block/*/dev`)
  return used.device === ofGroupA.trim() ? 'a' : 'b'
}
