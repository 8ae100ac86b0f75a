import { nearest } from '../../config/nearest.js'
import { RapidoError } from '../../errors.js'

/** The part of a test's name that names many: "net:tls" is of "net", "block/001" of "block". */
export function groupOf(test: string): string | undefined {
  return /^(.+)[:/][^:/]*$/.exec(test)?.[1]
}

/** Whether a word names the test or its group; `*` stands for any text. */
export function names(word: string, test: string): boolean {
  const isMeant = new RegExp(`^${word.split('*').map(escaped).join('.*')}$`)
  return isMeant.test(test) || isMeant.test(groupOf(test) ?? test)
}

/**
 * The tests that the words name, in the order of the suite; all without a word. Throws RapidoError('usage') for each
 * word that names none, with the nearest one.
 */
export function selectByName(tests: readonly string[], words: readonly string[]): string[] {
  const mistakes = words.flatMap((word) => (tests.some((test) => names(word, test)) ? [] : nothingFor(word, tests)))
  if (mistakes.length > 0) {
    throw new RapidoError('usage', mistakes.join('\n'), {
      hint: `--dry-run without a name lists all ${tests.length} of them`,
    })
  }
  return words.length === 0 ? [...tests] : tests.filter((test) => words.some((word) => names(word, test)))
}

/**
 * The names in a list of tests, a line each. Throws RapidoError('usage') for a list without any, and for names that
 * nobody can tell apart or that no file can have: `source` says whose list it is.
 */
export function readTestNames(text: string, source: string): string[] {
  const all = text.split('\n').map((line) => line.trim())
  const tests = all.filter((line) => line !== '')
  if (tests.length === 0) throw new RapidoError('usage', `${source} names no test`)
  const twice = tests.find((test, index) => tests.indexOf(test) < index)
  if (twice !== undefined) throw new RapidoError('usage', `${source} names the test ${JSON.stringify(twice)} twice`)
  const bad = tests.find((test) => !isName(test))
  if (bad === undefined) return tests
  throw new RapidoError('usage', `${source}: ${JSON.stringify(bad)} cannot be the name of a test`, {
    hint: 'a name has no blanks, and as a path it stays below its folder: "net/tcp-1"',
  })
}

/** Results of a test are kept under its name. */
function isName(test: string): boolean {
  return /^[^\s\p{Cc}]{1,200}$/u.test(test) && test.split('/').every((part) => !['', '.', '..'].includes(part))
}

function nothingFor(word: string, tests: readonly string[]): string {
  if (word.includes('*')) return `no test matches "${word}"`
  const groups = tests.flatMap((test) => groupOf(test) ?? [])
  const meant = nearest(word, new Set([...groups, ...tests]))
  return `no test "${word}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`
}

function escaped(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')
}
