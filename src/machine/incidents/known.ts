import type { IncidentKind } from '../../config/incident-kinds.js'
import { owned } from './lines.js'
import type { Message } from './printk.js'

const maxPerKind = 100 // a WARN() in a loop reports a thousand times a second; the log has them all
const maxPrinted = 2000

// How long after it was last told a report of the same thing is the same: stalls and lockups are told again every 20
// to 120 s while they last; a WARN() or a race in a loop comes in bursts. An oops' heading does not say where it
// happened, so each is one.
const repeatSeconds: { [Kind in IncidentKind]?: number } = {
  'hung-task': 180,
  'soft-lockup': 180,
  'hard-lockup': 180,
  'rcu-stall': 180,
  kasan: 10,
  ubsan: 10,
  kcsan: 10,
  kfence: 10,
  warning: 10,
}

/** The reports seen so far, so that one cause is not counted twice. Bounded, whatever the console says. */
export class KnownReports<T> {
  private readonly perKind = new Map<IncidentKind, number>()
  private readonly printed = new Set<string>()
  private readonly told = new Map<string, { report: T; seconds: number | undefined }>()

  /** Whether there is room for one more of this kind. */
  hasRoom(kind: IncidentKind): boolean {
    return (this.perKind.get(kind) ?? 0) < maxPerKind
  }

  add(report: T, kind: IncidentKind, message: Message): void {
    this.perKind.set(kind, (this.perKind.get(kind) ?? 0) + 1)
    this.addLine(message)
    if (repeatSeconds[kind] === undefined) return
    this.told.set(owned(sameThing(message.text)), { report, seconds: message.seconds })
  }

  /** A line that is no new report's now, and should not be when it is printed again. */
  addLine(message: Message): void {
    if (message.stamp !== '' && this.printed.size < maxPrinted) this.printed.add(owned(lineKey(message)))
  }

  /** Whether this very line was there before: somebody in the guest has `dmesg` print it again. */
  isReplay(message: Message): boolean {
    return message.stamp !== '' && this.printed.has(lineKey(message))
  }

  /** The first report of something that is now told again. */
  repeatOf(kind: IncidentKind, message: Message): T | undefined {
    const first = this.told.get(sameThing(message.text))
    if (first === undefined) return undefined
    if ((message.seconds ?? 0) - (first.seconds ?? 0) > (repeatSeconds[kind] ?? 0)) return undefined
    first.seconds = message.seconds
    this.addLine(message)
    return first.report
  }
}

function lineKey(message: Message): string {
  return `${message.stamp} ${message.text}`
}

/** A heading without what changes: for how long ("stuck for 22s!"), on which CPU, in which task, an RCU mask. */
function sameThing(text: string): string {
  return text.replace(/ \{.*| \d+ ?s(?:econds)?\b|CPU: \d+ PID: \d+|, CPU#.*/g, '')
}
