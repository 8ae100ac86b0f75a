/** How far a run got. Each is the end of a phase, the one that led there. */
export type MarkName = keyof typeof phaseNames

/** A run got so far, so many milliseconds after rapido was started. */
export interface Mark {
  mark: MarkName
  atMs: number
}

/** What a run did for how long. Milliseconds; it started so long after rapido. */
export interface Phase {
  name: string
  startMs: number
  durationMs: number
}

const phaseNames = {
  started: 'rapido starts',
  planned: 'planning',
  image: 'image',
  claimed: 'VM number',
  network: 'network',
  qemu: 'QEMU starts',
  init: 'kernel', // until it runs init
  hello: 'init and agent',
  saved: 'snapshot saved',
  restored: 'snapshot restored',
  told: 'identity, network, disks',
  ceph: 'Ceph cluster',
  'boot.sh': 'boot.sh',
  commands: 'commands',
  asked: "guest's clock asked", // for this report alone
  failed: 'until it failed',
  stopped: 'power-off',
} as const

/** Without the guest's clock nobody knows when its kernel was done. */
const untilHello = 'kernel, init and agent'

/** What is too short to be seen. */
const leastMs = 0.5

/** The phases that marks are the ends of, in the order of time: from the start of rapido to the last mark, without gaps. */
export function phasesOf(marks: Mark[]): Phase[] {
  const ends = marks.toSorted((one, other) => one.atMs - other.atMs).filter(isInPlace)
  return ends
    .map(({ mark, atMs }, index) => {
      const before = ends[index - 1]
      const name = mark === 'hello' && before?.mark !== 'init' ? untilHello : phaseNames[mark]
      const startMs = before?.atMs ?? 0
      return { name, startMs, durationMs: atMs - startMs }
    })
    .filter(({ durationMs }) => durationMs >= leastMs)
}

/** The kernel's end comes from the guest's clock, which may be wrong: what cannot be is not believed. */
function isInPlace({ mark }: Mark, index: number, all: Mark[]): boolean {
  return mark !== 'init' || (all[index - 1]?.mark === 'qemu' && all[index + 1]?.mark === 'hello')
}

/** The phases for a person, a line for each and one for all of them. Ends with a line end. */
export function timingText(phases: Phase[]): string {
  const lines = [...phases.map(({ name, durationMs }) => [name, durationMs] as const), ['all', endOf(phases)] as const]
  return lines.map(([name, ms]) => `${Math.round(ms).toString().padStart(7)} ms  ${name}\n`).join('')
}

/** When the last phase ended, in milliseconds. */
export function endOf(phases: Phase[]): number {
  const last = phases.at(-1)
  return last === undefined ? 0 : last.startMs + last.durationMs
}
