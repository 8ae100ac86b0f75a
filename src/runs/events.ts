import type { ImageEvent } from '../image/events.js'
import type { Incident } from '../machine/incidents.js'
import type { Mark, MarkName } from '../report/timing.js'

/** What a run tells while it goes on. The terminal, junit and the tests are readers of this one stream. */
export type RunEvent =
  | { type: 'note'; text: string } // worth a line, no problem
  | { type: 'phase'; phase: Phase } // what the run does from now on
  | ({ type: 'mark' } & Mark) // how far it got
  | { type: 'claimed'; number: number; consoleLog: string }
  | ImageEvent
  | { type: 'ceph'; what: string } // what the throwaway cluster is at: "making a Ceph cluster"
  | { type: 'output'; step: string; stream: 'stdout' | 'stderr'; chunk: Buffer; role?: string } // of boot.sh or a command
  | { type: 'step'; name: string; passed: boolean; durationMs: number } // of a scenario, when it is over
  | { type: 'incident'; incident: Incident; role?: string }

export type Phase = 'planning' | 'image' | 'booting' | 'boot.sh' | 'ready' | 'command' | 'stopping'

export type Emit = (event: RunEvent) => void

/** Tells that a run got so far. */
export function emitMark(emit: Emit, mark: MarkName): void {
  emit({ type: 'mark', mark, atMs: performance.now() })
}
