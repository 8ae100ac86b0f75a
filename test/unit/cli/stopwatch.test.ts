import { expect, test } from 'vitest'
import { startStopwatch } from '../../../src/cli/stopwatch.js'
import type { RunEvent } from '../../../src/runs/events.js'

test('the phases of a run are those of its events', async () => {
  const names = await phasesAfter([
    { type: 'phase', phase: 'planning' },
    { type: 'phase', phase: 'image' },
    { type: 'phase', phase: 'booting' },
    { type: 'phase', phase: 'boot.sh' },
    { type: 'note', text: 'no mark of anything' },
    { type: 'phase', phase: 'ready' },
  ])
  expect(names).toEqual(['rapido starts', 'planning', 'VM number', 'commands'])
})

test.each([
  ['boot.sh', ['boot.sh', 'commands']],
  ['asked', ["guest's clock asked"]], // what is on its way between is nothing
  ['qemu', ['QEMU starts', 'until it failed']],
] as const)('a run that stops after "%s" had these phases', async (mark, phases) => {
  const stopwatch = startStopwatch()
  stopwatch.mark(mark, performance.now() + 10)
  await new Promise((resolve) => setTimeout(resolve, 20))
  stopwatch.take({ type: 'phase', phase: 'stopping' })
  expect(
    stopwatch
      .phases()
      .map(({ name }) => name)
      .slice(1),
  ).toEqual(phases)
})

test('a mark is taken with its own time', () => {
  const stopwatch = startStopwatch()
  const atMs = performance.now() + 1000
  stopwatch.take({ type: 'mark', mark: 'qemu', atMs })
  const [, phase] = stopwatch.phases()
  expect(phase?.name).toBe('QEMU starts')
  expect((phase?.startMs ?? 0) + (phase?.durationMs ?? 0)).toBeCloseTo(atMs)
})

async function phasesAfter(events: RunEvent[]): Promise<string[]> {
  const stopwatch = startStopwatch()
  for (const event of events) {
    await new Promise((resolve) => setTimeout(resolve, 3)) // one of no length would not be seen
    stopwatch.take(event)
  }
  return stopwatch.phases().map(({ name }) => name)
}
