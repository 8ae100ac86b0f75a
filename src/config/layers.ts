import type { z } from 'zod'
import { resolvePath } from './paths.js'
import { notesOf } from './setting.js'
import type { TomlTable } from './toml.js'
import { childOf } from './walk.js'

/** A copy of `value` with every path in it made absolute, from the folder of the file it stands in. */
export function resolvePaths(
  schema: z.core.$ZodType,
  value: TomlTable,
  from: { folder: string; home: string },
): TomlTable {
  return resolveWithin(schema, value, from) as TomlTable
}

function resolveWithin(
  schema: z.core.$ZodType | undefined,
  value: unknown,
  from: { folder: string; home: string },
): unknown {
  if (schema === undefined) return value
  if (typeof value === 'string') return isPath(schema, value) ? resolvePath(value, from) : value
  if (Array.isArray(value)) return value.map((element, index) => resolveWithin(childOf(schema, index), element, from))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const entries = Object.entries(value).map(([key, child]) => [key, resolveWithin(childOf(schema, key), child, from)])
  return Object.fromEntries(entries)
}

/** A program is a path only with a slash in it: "qemu-system-x86_64" is looked for on PATH. */
function isPath(schema: z.core.$ZodType, value: string): boolean {
  const { kind } = notesOf(schema)
  return kind === 'path' || (kind === 'program' && value.includes('/'))
}

/**
 * Layers of settings joined; of two that set the same thing the later wins. Tables are joined key by key, lists are
 * replaced. So is a secret: it is in one place, not in two.
 */
export function mergeLayers(layers: readonly TomlTable[]): TomlTable {
  return layers.reduce<TomlTable>((below, above) => mergeTables(below, above), {})
}

function mergeTables(below: TomlTable, above: TomlTable, path: string[] = []): TomlTable {
  const merged = { ...below }
  if (path[0] === 'disk' && path.length === 2) for (const key of mediaInPlaceOf(above)) delete merged[key]
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key]
    const isSecret = path[0] === 'secrets'
    merged[key] = isTable(under) && isTable(value) && !isSecret ? mergeTables(under, value, [...path, key]) : value
  }
  return merged
}

/** A disk has one medium: a file stands over a size below it, and the other way round. */
function mediaInPlaceOf(disk: TomlTable): string[] {
  return [...('file' in disk ? ['size'] : []), ...('size' in disk ? ['file'] : [])]
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
