import type { IncidentKind } from '../../config/incident-kinds.js'
import type { Incident } from '../incidents.js'
import { type Heading, isDieLine } from './headings.js'
import { owned } from './lines.js'
import type { Message } from './printk.js'

const maxLines = 100
const maxLineLength = 512 // "Modules linked in:" may take 1024
const maxTitleLength = 300
const quietSeconds = 5

/** The lines before a report's heading that say why: WARN()'s text, "list_del corruption. …". */
export interface Foreword {
  number: number // console line of the first
  lines: string[]
  stamped: boolean
}

/** A report while it is read. */
export class Report {
  readonly incident: { -readonly [Key in keyof Incident]: Incident[Key] }
  private readonly lines: string[]
  private seconds: number | undefined // the kernel's clock at its last line
  private dieLineDue: boolean
  private readonly endsWithStack: boolean

  constructor(heading: Heading, message: Message, number: number, foreword: Foreword | undefined) {
    const why = foreword?.lines[0]
    this.lines = (foreword?.lines ?? []).map((line) => cut(line, maxLineLength))
    this.incident = {
      kind: heading.kind,
      title: cut(why === undefined ? message.text : `${message.text} (${why.trim()})`, maxTitleLength),
      consoleLine: foreword?.number ?? number,
      lines: this.lines,
      complete: false,
      repeats: 0,
      cause: undefined,
    }
    this.seconds = message.seconds
    this.dieLineDue = heading.diesNext
    this.endsWithStack = stackIsLast.includes(heading.kind) && !heading.diesNext
    this.add(message)
  }

  /** Whether this is the "Oops: 0000 [#1]" line of this very report and no new one's heading. */
  expects(message: Message): boolean {
    return this.dieLineDue && isDieLine(message.text) && !this.isOver(message)
  }

  /** Adds a line if it is the report's. Says whether the report has ended with it, or before it. */
  add(message: Message): 'complete' | 'open' {
    if (this.isOver(message)) return this.end()
    if (this.seconds !== undefined) {
      if (message.seconds === undefined) return 'open' // a program's: this kernel prints timestamps
      this.seconds = Math.max(this.seconds, message.seconds) // a stuck CPU's clock may stand still
    }
    const mark = endMark(message.text)
    if (mark === 'frame' && framed.includes(this.incident.kind)) return this.end()
    if (this.expects(message)) this.dieLineDue = false
    this.lines.push(cut(message.text, maxLineLength))
    const isLast = mark === 'trace end' || (mark === 'stack end' && this.endsWithStack)
    return isLast || this.lines.length >= maxLines ? this.end() : 'open'
  }

  private isOver({ seconds }: Message): boolean {
    if (this.incident.complete) return true
    return seconds !== undefined && this.seconds !== undefined && seconds > this.seconds + quietSeconds
  }

  end(): 'complete' {
    this.incident.complete = true
    return 'complete'
  }

  /** The kernel tells it again: it lasts. */
  again(message: Message): void {
    this.incident.repeats += 1
    this.seconds = message.seconds
  }

  /** Whether the kernel said this soon after the report. */
  wasJustBefore(message: Message): boolean {
    if (this.seconds === undefined || message.seconds === undefined) return true
    return message.seconds - this.seconds < 2 * quietSeconds
  }
}

const framed: IncidentKind[] = ['kasan', 'kcsan', 'kfence', 'ubsan'] // stand between two lines of ===
const stackIsLast: IncidentKind[] = ['bug', 'lockdep', 'hung-task', 'soft-lockup', 'hard-lockup'] // no end mark but the stack's own

function endMark(text: string): 'frame' | 'trace end' | 'stack end' | undefined {
  if (text.startsWith('========')) return 'frame'
  if (text.startsWith('---[ end ')) return 'trace end' // "---[ end trace 0000000000000000 ]---", "---[ end Kernel panic"
  return text === ' </TASK>' ? 'stack end' : undefined
}

function cut(text: string, maxLength: number): string {
  return owned(text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text)
}
