import { z } from 'zod'
import { notesOf } from './setting.js'
import { bare, shapeOf } from './walk.js'

/** One setting, as the docs and the error messages need it. */
export interface SettingRow {
  key: string // "vm.cpus"; NAME stands for a free key: "guest.env.NAME"
  table: string // "vm", "guest.env"; empty at the top
  name: string // "cpus", "NAME"
  kind: string
  meaning: string
  example: unknown // for a free key: a table of examples by name
  default: unknown // as written in the file; undefined where there is none
  unset: string | undefined // what holds without it, where there is no default
}

/** Every setting of a schema, in its order. A list of tables gives a row for each key, too: "image.include.from". */
export function settingRows(schema: z.core.$ZodType, table = ''): SettingRow[] {
  return Object.entries(shapeOf(schema)).flatMap(([name, child]) => rowsOfKey(child, table, name))
}

function rowsOfKey(schema: z.core.$ZodType, table: string, name: string): SettingRow[] {
  const inner = bare(schema)
  const key = joinKeys(table, name)
  if (inner instanceof z.ZodObject) return settingRows(inner, key)
  if (inner instanceof z.ZodRecord) return [rowOf(schema, key, 'NAME')]
  const elements = inner instanceof z.ZodArray ? settingRows(inner.def.element, key) : []
  return [rowOf(schema, table, name), ...elements]
}

function rowOf(schema: z.core.$ZodType, table: string, name: string): SettingRow {
  const notes = notesOf(schema)
  return {
    key: joinKeys(table, name),
    table,
    name,
    kind: notes.kind ?? '',
    meaning: notes.meaning ?? '',
    example: notes.example,
    default: schema instanceof z.ZodPrefault && name !== 'NAME' ? schema.def.defaultValue : undefined,
    unset: notes.unset,
  }
}

function joinKeys(table: string, name: string): string {
  return table === '' ? name : `${table}.${name}`
}
