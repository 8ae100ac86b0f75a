import { type Mark, type MarkName, type Phase, phasesOf } from '../report/timing.js'
import type { RunEvent, Phase as RunPhase } from '../runs/events.js'

/** Notes when a run got how far. */
export interface Stopwatch {
  take(event: RunEvent): void
  mark(mark: MarkName, atMs?: number): void
  /** Where the time went until now, from the start of this process. */
  phases(): Phase[]
}

/** Starts when planning does; what was before was the start of rapido itself. */
export function startStopwatch(): Stopwatch {
  const marks: Mark[] = []
  const mark = (mark: MarkName, atMs = performance.now()) => void marks.push({ mark, atMs })
  mark('started')
  return {
    mark,
    take(event) {
      if (event.type === 'mark') mark(event.mark, event.atMs)
      const reached = event.type === 'phase' ? reachedBy(event.phase, marks.at(-1)) : undefined
      if (reached !== undefined) mark(reached)
    },
    phases: () => phasesOf(marks),
  }
}

/** What is over when a phase of a run begins. */
function reachedBy(phase: RunPhase, last: Mark | undefined): MarkName | undefined {
  switch (phase) {
    case 'image':
      return 'planned'
    case 'booting':
      return 'claimed'
    case 'ready':
      return 'commands'
    case 'stopping':
      if (last?.mark === 'asked') return undefined
      return last?.mark === 'boot.sh' ? 'commands' : 'failed'
    default:
      return undefined
  }
}
