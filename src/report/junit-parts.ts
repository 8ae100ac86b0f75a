import type { IncidentResult } from './result.js'
import { textElement } from './xml.js'

/** Kernel reports that one element tells of. */
export const maxReports = 20

/** A kernel report as the text of an element. */
export function reportText({ kind, title, lines, consoleLine }: IncidentResult): string {
  const heading = lines[0] === title ? [] : [title]
  return [`${kind}, line ${consoleLine} of the console:`, ...heading, ...lines].join('\n')
}

/** What a suite's element says of the reports that don't fail the run: they are still worth reading. */
export function kernelReports(incidents: IncidentResult[]): string[] {
  const uncounted = incidents.filter(({ fails }) => !fails).slice(0, maxReports)
  if (uncounted.length === 0) return []
  return [textElement('system-err', {}, uncounted.map(reportText).join('\n\n'))]
}

/** The value of a `time` attribute. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
