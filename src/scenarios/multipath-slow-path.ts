import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { scenario, type Vm } from '../index.js'
import { expectPaths, reconfigure, twoPaths } from './parts/multipath-map.js'

const latency = '200ms'
const measuredMs = 4000

/** How much better than taking turns a policy must be that looks at what is in flight. */
const leastGain = 3

export default scenario({
  summary: 'One of two paths is slow: what each policy makes of it',
  machines: { guest: twoPaths },
  timeout: '120s',

  async run({ guest }, { step, note }) {
    const rates = new Map<string, number>()
    for (const policy of ['round-robin', 'queue-length', 'service-time']) {
      await step(`${policy} with one path slow`, async () => {
        await reconfigure(guest, 'path_selector', `"${policy} 0"`)
        await expectPaths(guest, { active: 2, failed: 0 })
        await guest.waitFor(`dmsetup table mpatha | grep -q ${policy}`, { timeoutMs: 10_000 })
        const rate = await measure(guest)
        rates.set(policy, rate)
        note(`${policy}: ${Math.round(rate)} operations/s`)
        await expectPaths(guest, { active: 2, failed: 0 }) // slow is not dead
      })
    }
    await step('who looks at what is in flight avoids the slow path', async () => {
      const [turns = 0, length = 0, time = 0] = rates.values()
      assert.ok(turns > 0, 'round-robin: nothing was done at all')
      assert.ok(length > leastGain * turns, `queue-length: ${length.toFixed(0)}/s, round-robin: ${turns.toFixed(0)}/s`)
      assert.ok(time > leastGain * turns, `service-time: ${time.toFixed(0)}/s, round-robin: ${turns.toFixed(0)}/s`)
    })
  },
})

/** Operations a second of four jobs, while one path is slow. Fails where the load saw anything wrong. */
async function measure(guest: Vm): Promise<number> {
  const load = guest.load('/dev/mapper/mpatha', { jobs: 4 })
  await load.progress(100, { timeoutMs: 20_000 })
  await guest.fault('slow', { path: 'hda', latency })
  await delay(2000) // what was done before is told by then
  const before = load.sofar
  await delay(measuredMs)
  const after = load.sofar
  await guest.fault('heal', { path: 'hda' })
  const { errors, mismatches, firstProblem } = await load.stop()
  assert.equal(errors + mismatches, 0, firstProblem)
  assert.ok(before && after)
  return ((after.writes + after.reads - before.writes - before.reads) * 1000) / measuredMs
}
