import { count, duration, plain } from './plain.js'
import type { IncidentResult, MachineResult, RunResult, Verdict } from './result.js'

/** How a piece of text stands out: a format of Node's `util.styleText`. */
export type Style = (format: 'green' | 'red' | 'yellow' | 'dim', text: string) => string

const maxReportLines = 24
const maxOthers = 8

/**
 * What a person reads at the end of a run: the verdict, why, the first lines of the kernel report behind it, other
 * reports, and where the whole console is. Plain unless a `style` is given. Ends with a line end.
 */
export function summary(result: RunResult, options: { style?: Style } = {}): string {
  const style: Style = options.style ?? ((_, text) => text)
  const { verdict, incidents, consoleLog } = result
  const cause = verdict.kind === 'crash' ? incidents.find(({ fails }) => fails) : undefined
  const others = incidents.filter((incident) => incident !== cause)
  const body = [
    ...(result.notes ?? []).map(plain),
    ...(verdict.kind === 'pass' ? [] : plain(verdict.reason).split('\n')),
    ...(cause ? firstLines(cause).map((line) => `  ${style('dim', line)}`) : []),
    ...otherReports(others, { cause, style }),
    ...(cause ? [] : result.machines.flatMap((machine) => lastLines(machine, style))),
    ...(verdict.kind === 'pass' && others.length === 0 ? [] : whereToLook(consoleLog, cause)),
    ...(result.kept === undefined ? [] : [`all of it: ${result.kept}`]),
  ]
  return [headline(result, style), ...body.map((line) => `  ${line}`.trimEnd()), ''].join('\n')
}

function headline({ verdict, profile, kernel, steps, durationMs }: RunResult, style: Style): string {
  const [colour, word] = verdictWords[verdict.kind]
  const took = duration(durationMs)
  const after = verdict.kind === 'pass' ? `: ${count(steps.length, 'step')} in ${took}` : `, after ${took}`
  return `${style(colour, word)}  ${plain(`${profile} on ${kernel}`)}${verdict.kind === 'host' ? '' : after}`
}

/** How a headline begins. */
export const verdictWords: Record<Verdict['kind'], ['green' | 'red' | 'yellow', string]> = {
  pass: ['green', 'pass'],
  fail: ['red', 'fail'],
  crash: ['red', 'crash'],
  timeout: ['red', 'timeout'],
  interrupted: ['yellow', 'interrupted'],
  host: ['red', 'cannot run here'],
}

/** The report's first lines, but for a first one that the title has told already. */
function firstLines({ title, lines }: IncidentResult): string[] {
  const untold = lines[0] === title ? lines.slice(1) : lines
  const shown = untold.slice(0, maxReportLines).map(plain)
  const rest = untold.length - shown.length
  return rest > 0 ? [...shown, `… ${count(rest, 'more line')}`] : shown
}

function lastLines({ role, lastLines = [] }: MachineResult, style: Style): string[] {
  if (lastLines.length === 0) return []
  const of = role === undefined ? '' : ` of ${role}`
  return [`the console${of} said last:`, ...lastLines.map((line) => `  ${style('dim', plain(line))}`)]
}

function otherReports(
  others: IncidentResult[],
  { cause, style }: { cause: IncidentResult | undefined; style: Style },
): string[] {
  const shown = others.slice(0, maxOthers).map(({ kind, title, consoleLine, fails }) => {
    const when = cause && consoleLine > cause.consoleLine ? 'then' : 'also'
    const text = `${when} ${kind}: ${plain(title)} (console line ${consoleLine}${fails ? '' : '; not in run.fail_on'})`
    return fails ? text : style('yellow', text)
  })
  const rest = others.length - shown.length
  return rest > 0 ? [...shown, `also ${count(rest, 'more kernel report')}`] : shown
}

function whereToLook(consoleLog: string | undefined, cause: IncidentResult | undefined): string[] {
  if (consoleLog === undefined) return []
  return [`console log: ${consoleLog}${cause ? `, line ${cause.consoleLine}` : ''}`]
}
