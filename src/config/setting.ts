import { z } from 'zod'

/** What there is to say about a setting, beside what its schema enforces. */
export interface SettingNotes {
  kind?: string // what its values are called: "path"; kinds.ts says it, mostly
  meaning?: string
  example?: unknown // as written in the file; where keys are free, a table of examples
  unset?: string // what holds without it, where that is no fixed value
}

z.config({ jitless: true }) // each schema is used once: to compile it first takes longer

const registry = z.registry<SettingNotes>()

/** Adds notes to a setting. They go into the JSON Schema, too. */
export function setting<Schema extends z.ZodType>(schema: Schema, notes: SettingNotes): Schema {
  const noted = schema.meta({ description: notes.meaning, examples: [notes.example] })
  registry.add(noted, notes)
  return noted
}

/** Says what the values of a schema are called. */
export function kind<Schema extends z.ZodType>(schema: Schema, name: string): Schema {
  registry.add(schema, { kind: name })
  return schema
}

/** The notes of a schema and of the schemas it wraps; the outermost wins. */
export function notesOf(schema: z.core.$ZodType): SettingNotes {
  const own = registry.get(schema) ?? {}
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault
  return isWrapper ? { ...notesOf(schema.def.innerType), ...own } : own
}
