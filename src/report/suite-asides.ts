import { count, duration, oneLine } from './plain.js'
import type { SuiteResult } from './suite-result.js'
import { titleOf, titles, wasLeftOut } from './suite-tests.js'
import type { Style } from './text.js'

// Lines of each kind.
const limits = { reasons: 10, missing: 4, warnings: 3 }
const slowest = 5

/** Why tests did not run, the most frequent reason first. */
export function notRun({ tests }: SuiteResult): string[] {
  const left = tests.filter(({ status }) => status === 'notrun')
  if (left.length === 0) return []
  const groups = grouped(left.map((test) => [oneLine(test.reason) || 'it did not say why', titleOf(test)]))
  const lines = groups
    .toSorted((a, b) => b.titles.length - a.titles.length)
    .map(({ what, titles }) => `  ${String(titles.length).padStart(4)}  ${what}`)
  return [
    `${left.length} not run:`,
    ...atMost(lines, { most: limits.reasons, rest: (number) => `        … and ${count(number, 'more reason')}` }),
  ]
}

/** What the image has not, and how to get it. */
export function missingPrograms({ missing }: SuiteResult): string[] {
  const programs = missing.map(({ program }) => program)
  const lines = missing.map(({ program, tests, provider }) => {
    const how = provider === '' ? '' : ` ${oneLine(provider)};`
    return `${label('missing')}${oneLine(program)}:${how} wanted by ${oneLine(titles(tests, 3))}`
  })
  return atMost(lines, {
    most: limits.missing,
    rest: () => `${label('missing')}${oneLine(`also ${programs.slice(limits.missing).join(', ')}`)}`,
  })
}

/** Kernel reports that did not end the guest, and the tests they were in. */
export function warnings({ tests }: SuiteResult, style: Style): string[] {
  const found = tests.flatMap((test) => {
    const own = new Set(test.attempts.flatMap(({ warnings }) => warnings))
    return [...own].map((warning): [string, string] => [oneLine(warning), titleOf(test)])
  })
  const start = style('yellow', label('warning'))
  return atMost(
    grouped(found).map(({ what, titles: names }) => `${start}${what} (${titles(names, 2)})`),
    { most: limits.warnings, rest: (number) => `${start}… and ${number} more` },
  )
}

/** The five tests that took longest, on one line. */
export function slowestTests({ tests }: SuiteResult): string[] {
  const timed = tests
    .filter((test) => !wasLeftOut(test))
    .map((test) => ({ title: titleOf(test), ms: test.attempts.at(-1)?.durationMs ?? 0 }))
    .filter(({ ms }) => ms > 0)
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, slowest)
  if (timed.length === 0) return []
  return [`slowest: ${timed.map(({ title, ms }) => `${title} ${duration(ms)}`).join(', ')}`]
}

/** The first lines, and one for those that are left. */
export function atMost(lines: string[], { most, rest }: { most: number; rest: (number: number) => string }): string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), rest(lines.length - most)]
}

/** What a line is about, in a column of its own. */
export function label(word: string): string {
  return word.padEnd(9)
}

/** The titles of the tests that share a reason or a warning, in the order these were first met. */
function grouped(pairs: [what: string, title: string][]): { what: string; titles: string[] }[] {
  const groups = new Map<string, string[]>()
  for (const [what, title] of pairs) {
    const same = groups.get(what)
    if (same) same.push(title)
    else groups.set(what, [title])
  }
  return [...groups].map(([what, titles]) => ({ what, titles }))
}
