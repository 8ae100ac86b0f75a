import { RapidoError } from '../../errors.js'
import { type TestTree, testNamePattern, testsOf } from './group-lists.js'
import { inKernelRange, kernelRangeProblem } from './kernel-range.js'

/** A test that is left out on some kernels. */
export interface Exclude {
  test: string // generic/270
  range: string // of kernels (kernel-range.ts); "*" where none was given
  reason: string
  source: string // the file, or "-e"
  line: number | undefined // in that file
}

/**
 * Reads an exclude file: "generic/270  6.1..6.5  # reason", the range may be missing. check -E can read it as well, but
 * takes no notice of ranges. In a file of -X, whose folder is `dir`, the names are without it, and a line may have
 * several. Throws RapidoError('usage') that lists all mistakes, a line each.
 */
export function parseExcludes(text: string, file: string, { dir }: { dir?: string } = {}): Exclude[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ number: index + 1, ...readLine(line, dir) }))
  const mistakes = lines.flatMap(({ number, mistakes }) => mistakes.map((what) => `${file}:${number}: ${what}`))
  if (mistakes.length > 0) {
    const example = dir === undefined ? 'generic/270' : '270'
    throw new RapidoError('usage', mistakes.join('\n'), { hint: `such as: ${example}  6.1..6.5  # why` })
  }
  return lines.flatMap(({ number, tests, range, reason }) =>
    tests.map((test) => ({ test, range, reason, source: file, line: number })),
  )
}

/** The tests of -e. */
export function namedExcludes(tests: readonly string[]): Exclude[] {
  return tests.map((test) => ({ test, range: '*', reason: 'named by -e', source: '-e', line: undefined }))
}

/** Which of the tests are left out on a kernel, and by what. Of several entries the first counts. */
export function excludedBy(
  excludes: readonly Exclude[],
  { release, tests }: { release: string; tests: readonly string[] },
): Map<string, Exclude> {
  const selected = new Set(tests)
  const excluded = new Map<string, Exclude>()
  for (const exclude of excludes) {
    const { test, range } = exclude
    if (selected.has(test) && !excluded.has(test) && inKernelRange(range, release)) excluded.set(test, exclude)
  }
  return excluded
}

/** A note for each source of excludes that names tests which the tree has not. */
export function unknownExcludes(excludes: readonly Exclude[], tree: TestTree): string[] {
  const known = new Set(testsOf(tree))
  return noteEachSource(
    excludes.filter(({ test }) => !known.has(test)),
    'there is no',
  )
}

/** A note for each source of excludes whose tests passed, although they are left out. */
export function needlessExcludes(excludes: readonly Exclude[]): string[] {
  return noteEachSource(excludes, 'no longer fails, take it out:')
}

function noteEachSource(excludes: readonly Exclude[], what: string): string[] {
  return [...new Set(excludes.map(({ source }) => source))].map((source) => {
    const tests = excludes.filter((exclude) => exclude.source === source)
    const shown = tests.map(({ test, line }) => (line === undefined ? test : `${test} (line ${line})`))
    return `${source}: ${what} ${shown.join(', ')}`
  })
}

interface Line {
  tests: string[]
  range: string
  reason: string
  mistakes: string[]
}

const nameExpression = new RegExp(`^${testNamePattern}$`)
const testExpression = new RegExp(String.raw`^[\w-]+/${testNamePattern}$`)

function readLine(line: string, dir: string | undefined): Line {
  const [, entry = '', comment = ''] = /^([^#]*)#?(.*)$/.exec(line) ?? []
  const words = entry.split(/\s+/).filter((word) => word !== '')
  const reason = comment.trim()
  if (words.length === 0) return { tests: [], range: '*', reason, mistakes: [] }

  const further = dir === undefined ? 1 : words.findIndex((word, index) => index > 0 && !nameExpression.test(word))
  const names = further === -1 ? words : words.slice(0, further)
  const [range = '*', ...more] = further === -1 ? [] : words.slice(further)
  const shape = dir === undefined ? testExpression : nameExpression
  const mistakes = names.filter((name) => !shape.test(name)).map((name) => noTest(name, dir))
  const rangeProblem = kernelRangeProblem(range)
  if (dir === undefined && /^\s/.test(line))
    mistakes.push('check does not see a test behind a blank: begin the line with it')
  if (rangeProblem !== undefined) mistakes.push(`"${range}" ${rangeProblem}`)
  if (more.length > 0) mistakes.push(`what is "${more.join(' ')}"? A reason stands behind a #`)
  else if (reason === '') mistakes.push(`${names.join(' ')} has no reason; write it behind a #`)
  return { tests: names.map((name) => (dir === undefined ? name : `${dir}/${name}`)), range, reason, mistakes }
}

function noTest(name: string, dir: string | undefined): string {
  const use =
    dir === undefined ? 'use a folder and a test, such as generic/270' : `use a test of tests/${dir}, such as 270`
  return `"${name}" is no test; ${use}`
}
