import { z } from 'zod'
import { namedSettings } from './expand.js'
import { choice, size, text } from './kinds.js'
import { nearest } from './nearest.js'
import { type SettingRow, settingRows } from './rows.js'
import { settingsSchema } from './schema.js'

/** The full key of a setting, as a profile requires it: "kernel.src", "secrets.ceph_key". */
export function settingName() {
  return text().superRefine((key, context) => {
    if (settingRow(key) === undefined) context.addIssue(`is no setting; ${adviseSetting(key)}`)
  })
}

/** Text that may name settings in braces: "{kernel.src}/x". They must be known, and be text themselves: no secret. */
export function withSettings(narrowed: Parameters<typeof text>[0], fits = isText) {
  return text(narrowed).superRefine((written, context) => {
    for (const key of namedSettings(written)) {
      const row = settingRow(key)
      if (row === undefined) context.addIssue(`names no setting; ${adviseSetting(key)}`)
      else if (!fits(row)) context.addIssue(`names ${key}, which is a ${row.kind}; only text can stand here`)
    }
  })
}

/** The same, where numbers and lists have a meaning, too: as expand.ts writes them. */
export function withAnySettings(narrowed: Parameters<typeof text>[0]) {
  const isPlain = ({ kind }: SettingRow) => ['size', 'duration'].includes(kind) || /^(number|list of) /.test(kind)
  return withSettings(narrowed, (row) => isText(row) || isPlain(row))
}

/** A size such as "512M", MiB once read; or a setting that is one in braces, as it is written. */
export function sizeOrSetting() {
  return orSetting(size({ fromMiB: 1 }), (kind) => (kind === 'size' ? undefined : `which is a ${kind}, not a size`))
}

/** One of some words; or a setting in braces that is always one of them, as it is written. */
export function choiceOrSetting<const Words extends readonly [string, ...string[]]>(words: Words) {
  const known = words.map((word) => JSON.stringify(word))
  const schema = orSetting(choice(words), (kind) => {
    const fits = kind.split(', ').every((word) => known.includes(word))
    return fits ? undefined : `which is not always one of ${known.join(', ')}`
  })
  return schema.meta({ anyOf: [{ enum: words }, { pattern: '^\\{.*\\}$' }] }) // for editors
}

/** What `plain` reads; or a setting in braces, if there is nothing to say against its kind. */
function orSetting<Value>(plain: z.ZodType<Value>, against: (kind: string) => string | undefined) {
  const named = z.string().superRefine((written, context) => {
    const key = written.slice(1, -1)
    const row = settingRow(key)
    const problem = row && against(row.kind)
    if (row === undefined) context.addIssue(`names no setting; ${adviseSetting(key)}`)
    else if (problem !== undefined) context.addIssue(`names ${key}, ${problem}`)
  })
  return z.unknown().transform((written, context): Value | string => {
    const isNamed = typeof written === 'string' && /^\{.*\}$/.test(written)
    const { data, error } = isNamed ? named.safeParse(written) : plain.safeParse(written)
    for (const { message } of error?.issues ?? []) context.addIssue(message)
    return data ?? z.NEVER
  })
}

/** Why a setting can never have this value, as text; undefined where it can. */
export function neverIs(key: string, value: string): string | undefined {
  const row = settingRow(key)
  if (row === undefined) return undefined // that is told already
  if (row.kind.startsWith('"')) {
    return row.kind.split(', ').includes(JSON.stringify(value)) ? undefined : `${key} is one of ${row.kind}`
  }
  const isPlain = ['string', 'path', 'program', 'boolean'].includes(row.kind) || row.kind.startsWith('number ')
  return isPlain ? undefined : `${key} is a ${row.kind}, which has no value to ask for here`
}

/** Choices, too: their kind is the list of them. */
function isText(row: SettingRow): boolean {
  return ['string', 'path', 'program'].includes(row.kind) || row.kind.startsWith('"')
}

/** The row of a setting, whatever the NAME in it. */
function settingRow(key: string): SettingRow | undefined {
  return rows().find((row) => row.key === key || (row.name === 'NAME' && isBelow(key, row.table)))
}

function isBelow(key: string, table: string): boolean {
  return key.startsWith(`${table}.`) && key.length > table.length + 1
}

function adviseSetting(key: string): string {
  const keys = rows().map((row) => row.key)
  const meant = nearest(key, keys)
  return meant === undefined ? `known are ${keys.join(', ')}` : `did you mean ${meant}?`
}

/** Made once: every braced name of every profile asks for them. */
let made: SettingRow[] | undefined

function rows(): SettingRow[] {
  made ??= settingRows(settingsSchema)
  return made
}
