import { z } from 'zod'
import { type SettingRow, settingRows } from './rows.js'
import { tomlKey, tomlValue } from './toml-value.js'
import { bare, childOf } from './walk.js'

/** One table of a file, with what its docs are made of. */
export interface DocTable {
  header: string // "[kernel]", "[[image.include]]"; empty at the top of the file
  about: string
  isOneOfMany: boolean // "[network.vm.1]": with its header alone, there would be one more
  rows: SettingRow[]
  exampleLines: string[][] // for each row, lines of TOML that show it
}

/** The tables of a schema, in its order. */
export function docTables(schema: z.core.$ZodType): DocTable[] {
  const rows = settingRows(schema)
  return [...new Set(rows.map((row) => row.table))].map((table) => docTable(schema, table, rows))
}

function docTable(schema: z.core.$ZodType, table: string, all: SettingRow[]): DocTable {
  const rows = all.filter((row) => row.table === table)
  const keys = table === '' ? [] : table.split('.')
  const here = keys.reduce<z.core.$ZodType>((at, key) => childOf(at, key) ?? at, schema)
  const isList = bare(here) instanceof z.ZodArray
  const described = isList ? here : childOf(schema, keys[0] ?? '')
  return {
    header: headerOf(table, { isList, rows }),
    isOneOfMany: rows.some(({ kind }) => kind === 'table'),
    about: (described && z.globalRegistry.get(described)?.description) ?? '',
    rows,
    exampleLines: rows.map(exampleLines),
  }
}

function headerOf(table: string, { isList, rows }: { isList: boolean; rows: SettingRow[] }): string {
  if (table === '') return ''
  if (isList) return `[[${table}]]`
  const [row] = rows
  return row && isTable(row) ? `[${table}.${Object.keys(row.example as object)[0]}]` : `[${table}]`
}

function exampleLines(row: SettingRow): string[] {
  if (row.name !== 'NAME') return [`${row.name} = ${tomlValue(row.example)}`]
  const examples = Object.entries(row.example as Record<string, unknown>)
  if (row.kind === 'table') return examples.flatMap(([, keys]) => lines(keys as Record<string, unknown>))
  if (row.kind !== 'settings') return lines(row.example as Record<string, unknown>)
  return examples.flatMap(([, settings]) => dottedLines(settings as Record<string, Record<string, unknown>>))
}

/** Whether the free keys of a row are tables themselves. */
function isTable(row: SettingRow): boolean {
  return row.name === 'NAME' && ['settings', 'table'].includes(row.kind)
}

function lines(keys: Record<string, unknown>): string[] {
  return Object.entries(keys).map(([name, value]) => `${tomlKey(name)} = ${tomlValue(value)}`)
}

/** { vm: { cpus: 4 } } is vm.cpus = 4. */
function dottedLines(settings: Record<string, Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([table, values]) =>
    Object.entries(values).map(([name, value]) => `${table}.${name} = ${tomlValue(value)}`),
  )
}
