import { type DocTable, docTables } from './docs-tables.js'
import type { SettingRow } from './rows.js'
import { fileSchema } from './schema.js'
import { tomlValue } from './toml-value.js'

/**
 * rapido.toml.example: every setting with its meaning, all of them switched off. Only the line of a setting has no
 * blank behind its #.
 */
export function configExample(): string {
  return `${[...comment(intro), '', ...docTables(fileSchema).flatMap(tableLines)].join('\n').trimEnd()}\n`
}

const intro =
  'Settings of rapido. Copy what you change to a rapido.toml in your project, or in ~/.config/rapido/, without the # ' +
  'before it. The values are examples; docs/config.md says more. Made by tools/generate-docs.mjs: do not edit.'

function tableLines({ header, about, rows, exampleLines, isOneOfMany }: DocTable): string[] {
  const settings = rows.flatMap((row, index) => [
    ...comment(meaningOf(row)),
    ...(exampleLines[index] ?? []).map((line) => `#${line}`),
    '',
  ])
  return [...comment(about), isOneOfMany ? `#${header}` : header, '', ...settings]
}

function meaningOf(row: SettingRow): string {
  if (row.default !== undefined) return `${row.meaning} Default: ${tomlValue(row.default)}`
  return row.unset === undefined ? row.meaning : `${row.meaning} Without it: ${row.unset}.`
}

/** Comment lines of at most 100 characters. */
function comment(text: string): string[] {
  const lines = ['#']
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`
    if (line.length > 100) lines.push(`# ${word}`)
    else lines[lines.length - 1] = line
  }
  return lines
}
