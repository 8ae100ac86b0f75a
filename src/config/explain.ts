import type { z } from 'zod'
import { adviseKey } from './advise-key.js'
import type { ValuePath } from './locate.js'
import { keyText, tomlValue } from './toml-value.js'
import { schemaAt, shapeOf } from './walk.js'

/** One mistake in a file or in --set: where, and "what; what to try". */
export interface Mistake {
  path: ValuePath
  message: string
}

/** All that `schema` finds wrong with a value, in the words of a person. A value under `secrets` is never shown. */
export function findMistakes(schema: z.ZodType, value: unknown): Mistake[] {
  const { error } = schema.safeParse(value)
  const mistakes = (error?.issues ?? []).flatMap((issue) => explainIssue(issue, schema, value))
  const isFirst = (mistake: Mistake, index: number) =>
    mistakes.findIndex((other) => sameMistake(other, mistake)) === index
  return mistakes.filter(isFirst) // one secret may break several rules; it is told once
}

function explainIssue(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): Mistake[] {
  const path = issue.path as ValuePath // keys of TOML are strings
  const secret = secretPath(path)
  if (issue.code === 'invalid_key') return [{ path, message: `this name cannot be; ${issue.issues[0]?.message}` }]
  if (secret) return [{ path: secret, message: explainSecret(valueAt(value, secret)) }]
  if (path.at(-1) === 'secrets') return [{ path, message: issue.message }]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown; ${adviseKey(schema, [...path, key])}` }))
  }
  const found = valueAt(value, path)
  if (found === undefined) return [{ path, message: `missing; ${issue.message.replace(/^is not .*?; /, '')}` }]
  if (issue.code === 'invalid_type' && issue.expected === 'object') {
    const keys = Object.keys(shapeOf(schemaAt(schema, path))).join(', ')
    return [{ path, message: `${shown(found)} is not a table; use [${keyText(path)}] with ${keys} below it` }]
  }
  return [{ path, message: `${shown(found)} ${issue.message}` }]
}

/** The path of the secret that a path goes through, if any. */
function secretPath(path: ValuePath): ValuePath | undefined {
  const start = path[0] === 'profile' ? 2 : 0
  return path[start] === 'secrets' && path.length > start + 1 ? path.slice(0, start + 2) : undefined
}

const secretForms = '{ file = "PATH" }, { env = "VARIABLE" } or { command = ["PROGRAM", "ARGUMENT"] }'

function explainSecret(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `a value never stands in the file, only where to find it; use ${secretForms}`
  }
  const keys = Object.keys(value)
  const unknown = keys.find((key) => !['file', 'env', 'command'].includes(key))
  if (unknown !== undefined) return `"${unknown}" is no place for a secret; use ${secretForms}`
  if (keys.length !== 1) return `exactly one place is needed, and here are ${keys.length}; use ${secretForms}`
  return `${keys[0]} has the wrong form; use ${secretForms}`
}

function valueAt(value: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<string | number, unknown> | undefined)?.[part], value)
}

function shown(value: unknown): string {
  const text = tomlValue(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function sameMistake(one: Mistake, other: Mistake): boolean {
  return one.message === other.message && JSON.stringify(one.path) === JSON.stringify(other.path)
}
