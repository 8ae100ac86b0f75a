import toml from 'toml'
import { RapidoError } from '../errors.js'

/** A table as the toml library gives it: no prototype, dates as Date. */
export type TomlTable = Record<string, unknown>

/**
 * Reads TOML. Throws RapidoError('usage') that names `shownPath`, line and column, and shows the source line with a
 * caret, except where that line could hold a secret.
 */
export function parseToml(source: string, shownPath: string): TomlTable {
  try {
    return toml.parse(source)
  } catch (error) {
    const { line, column } = errorPlace(error as TomlError)
    const message = `${shownPath}:${line}:${column}: ${explain(error as TomlError)}`
    throw new RapidoError('usage', [message, ...excerpt(source, line, column)].join('\n'), { cause: error })
  }
}

/** Two kinds reach us: grammar errors carry a location, those of meaning (a key set twice) a line and a column. */
interface TomlError extends Error {
  location?: { start: { line: number; column: number } }
  expected?: { type: string; text?: string }[]
  found?: string | null
  line?: number
  column?: number
}

function errorPlace(error: TomlError): { line: number; column: number } {
  return error.location?.start ?? { line: error.line ?? 1, column: error.column ?? 1 }
}

/** The parser lists every character it could have taken; what a person did is seen from a few of them. */
function explain(error: TomlError): string {
  const twice = /^Cannot redefine existing key '(.*)'/.exec(error.message)
  if (twice) return `"${twice[1]}" is already set above; keep one of the two`
  if (error.expected === undefined) return lowerFirst(error.message).replace(/\.$/, '')
  const could = new Set(error.expected.map((expected) => expected.text))
  if (could.has('\\u')) return 'the string has no closing quote'
  if (error.found === null) return 'the file ends before this is complete'
  const lineEnds = /^[\r\n]$/.test(error.found ?? '')
  if (could.has('true') && lineEnds) return 'the value is missing; write key = value'
  if (could.has('true') || / \[_\]/.test(error.message)) {
    return 'this is no value; text stands in quotes ("..."), the others are numbers, true, false, [lists] and { tables }'
  }
  if (could.has('=')) return 'not of the form key = value'
  if (could.has(']')) return could.has(',') ? 'a comma or ] is missing' : 'the ] is missing'
  if (could.has('}')) return 'a comma or } is missing'
  if (could.has('\n') && could.has('#') && !could.has('['))
    return 'more than one value on a line; a comment starts with #'
  return `${JSON.stringify(error.found)} cannot stand here; write key = value, or [table]`
}

/** The source line and a caret under the column. Nothing at all near the word "secret": it might show a value. */
function excerpt(source: string, line: number, column: number): string[] {
  const lines = source.split(/\r?\n/)
  const shown = lines[line - 1] ?? ''
  const header = lines.slice(0, line).findLast((above) => /^\s*\[/.test(above)) ?? ''
  if (/secret/i.test(header + shown) || shown.trim() === '') return []
  const indent = shown.slice(0, column - 1).replace(/[^\t]/g, ' ')
  const number = String(line)
  return [`  ${number} | ${shown}`, `  ${' '.repeat(number.length)} | ${indent}^`]
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
