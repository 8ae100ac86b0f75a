import type { IncidentKind } from '../config/incident-kinds.js'
import { type Heading, heading, isConsequence } from './incidents/headings.js'
import { KnownReports } from './incidents/known.js'
import { type ConsoleLine, ConsoleLines } from './incidents/lines.js'
import { type Message, parsePrintk } from './incidents/printk.js'
import { type Foreword, Report } from './incidents/report.js'

/** A kernel report on the console. It is handed out at its first line; `lines` grows until `complete`. */
export interface Incident {
  readonly kind: IncidentKind
  readonly title: string // the line that names it, with its reason where that stands on a line of its own
  readonly consoleLine: number // 1-based line of the console where it begins
  readonly lines: readonly string[] // what the kernel printed, without timestamps: the first 100 lines
  readonly complete: boolean
  readonly repeats: number // how often the kernel told it again: a lockup that lasts, a WARN() in a loop
  readonly cause: Incident | undefined // of a panic: the oops, lockup, … that led to it
}

/**
 * Finds kernel reports in the raw bytes of a serial console: pure, streaming, in bounded memory.
 *
 * A report begins with a message the kernel is known to begin it with. A message is what follows printk's timestamp,
 * wherever that is in the line (the console may stand behind a prompt when the kernel speaks), or a whole line. It
 * goes on with the kernel's lines (only those with timestamps, if its first has one) to its end mark, the next report,
 * 5 s of the kernel's clock without a line, or 100 lines.
 *
 * An oops and the panic it leads to are two incidents; the panic's `cause` is the oops. A lockup, or a WARN() in a loop,
 * counts as a repeat of the first. Lines that `dmesg` prints again are known by their timestamps. After 100 of a kind the others
 * are only counted (`dropped`).
 *
 * What can be faked: by a program in the guest that prints such a message from the first column of the console or
 * behind a timestamp, and by root through /dev/kmsg. The same words anywhere else in a line are nothing.
 */
export class IncidentScanner {
  dropped = 0
  private readonly lines = new ConsoleLines()
  private readonly known = new KnownReports<Report>()
  private open: Report | undefined
  private last: Report | undefined
  private foreword: Foreword | undefined
  private previous: { number: number; text: string } | undefined

  /** Incidents that begin in this piece of the console. */
  feed(chunk: Buffer | string): Incident[] {
    return this.scan(this.lines.feed(chunk))
  }

  /** The console has ended: what begins in a last line without line end. Completes the report being read. */
  end(): Incident[] {
    const begun = this.scan(this.lines.end())
    this.open?.end()
    return begun
  }

  private scan(lines: Iterable<ConsoleLine>): Incident[] {
    const begun: Incident[] = []
    for (const line of lines) {
      const message = parsePrintk(line)
      if (message === undefined) continue
      const incident = this.read(message, line.number)
      if (incident !== undefined) begun.push(incident)
      this.previous = { number: line.number, text: message.text }
    }
    return begun
  }

  private read(message: Message, number: number): Incident | undefined {
    if (this.open?.expects(message)) {
      this.known.addLine(message)
      this.open.add(message)
      return undefined
    }
    const found = heading(message.text)
    if (found !== undefined) return this.begin(found, message, number)
    if (message.text === cutHere) this.cut(message, number)
    else if (this.foreword !== undefined) this.foreword = longer(this.foreword, message)
    else if (this.open?.add(message) === 'complete') this.open = undefined
    return undefined
  }

  /** The incident that begins here, unless it was told before. Its lines are read either way. */
  private begin(found: Heading, message: Message, number: number): Incident | undefined {
    this.open?.end()
    const report = new Report(found, message, number, this.foreword)
    this.open = report
    this.foreword = undefined
    if (this.known.isReplay(message)) return undefined
    const first = this.known.repeatOf(found.kind, message)
    if (first !== undefined) {
      first.again(message)
      return undefined
    }
    if (!this.known.hasRoom(found.kind)) {
      this.dropped += 1
      return undefined
    }
    if (found.kind === 'panic' && isConsequence(message.text) && this.last?.wasJustBefore(message)) {
      report.incident.cause = this.last.incident
    }
    this.known.add(report, found.kind, message)
    this.last = report
    return report.incident
  }

  /** BUG() and WARN() announce themselves; why is told on the line before or on those that follow. */
  private cut(message: Message, number: number): void {
    this.open?.end()
    this.open = undefined
    const before = this.previous
    const told = before !== undefined && reason.test(before.text)
    const stamped = message.stamp !== ''
    this.foreword = told
      ? { number: before.number, lines: [before.text], stamped }
      : { number: number + 1, lines: [], stamped }
  }
}

const cutHere = '------------[ cut here ]------------'
const reason = /^(?:list_(?:add|del) |usercopy: |page dumped because: |skbuff: skb_|detected buffer overflow)/
const maxForewordLines = 4

function longer(foreword: Foreword, message: Message): Foreword | undefined {
  if (foreword.stamped && message.stamp === '') return foreword // a program's line in between
  if (foreword.lines.length >= maxForewordLines) return undefined // no report came
  return { ...foreword, lines: [...foreword.lines, message.text] }
}
