import { nearest } from '../../config/nearest.js'
import { entriesOf, type TestTree, testsOf } from './group-lists.js'

/** Tests that were named ("generic/001", "xfs/???"), in their order, and what is wrong with the names. */
export function namedTests(tree: TestTree, words: readonly string[]): { tests: string[]; mistakes: string[] } {
  const tests: string[] = []
  const mistakes: string[] = []
  for (const word of words) {
    const found = /[*?[]/.test(word) ? matching(tree, word) : exact(tree, word)
    tests.push(...found)
    if (found.length === 0) mistakes.push(nothingFor(tree, word))
  }
  return { tests, mistakes }
}

function matching(tree: TestTree, pattern: string): string[] {
  const expression = globExpression(shortName(pattern))
  return expression === undefined ? [] : testsOf(tree).filter((name) => expression.test(name))
}

/** The test of that name. "generic/001" is generic/001-rename, too, where there is no shorter one. */
function exact(tree: TestTree, word: string): string[] {
  const [, dir = '', name = ''] = /^([^/]+)\/([^/]+)$/.exec(shortName(word)) ?? []
  const names = entriesOf(tree, dir).map(({ test }) => test)
  if (names.includes(name)) return [`${dir}/${name}`]
  const longer = names.filter((other) => /^\d{3,}$/.test(name) && other.startsWith(`${name}-`))
  const shortest = longer.sort((one, other) => one.length - other.length)[0]
  return shortest === undefined ? [] : [`${dir}/${shortest}`]
}

function nothingFor(tree: TestTree, word: string): string {
  if (/[*?[]/.test(word)) return `no test matches "${word}"`
  const meant = nearest(shortName(word), testsOf(tree))
  return `no test "${word}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`
}

function shortName(word: string): string {
  return word.replace(/^tests\//, '')
}

/** A shell's pattern as a regular expression; undefined for one that matches nothing, such as [9-0]. */
function globExpression(pattern: string): RegExp | undefined {
  const parts = pattern.match(/\[[!^]?\]?[^\]/]*\]|./gs) ?? []
  try {
    return new RegExp(`^${parts.map(globPart).join('')}$`)
  } catch {
    return undefined
  }
}

function globPart(part: string): string {
  if (part === '*') return '[^/]*'
  if (part === '?') return '[^/]'
  if (part.length === 1) return part.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  const [, not, members] = /^\[([!^]?)(.*)\]$/.exec(part) ?? []
  return `[${not ? '^/' : ''}${members?.replace(/[\\^[\]]/g, '\\$&')}]`
}
