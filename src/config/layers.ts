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

/** Layers of settings joined; of two that set the same thing the later wins. Lists are replaced, not added to. */
export function mergeLayers(layers: readonly TomlTable[]): Record<string, TomlTable> {
  const merged: Record<string, TomlTable> = {}
  for (const [group, settings] of layers.flatMap((layer) => Object.entries(layer))) {
    const below = merged[group]
    const above = { ...below, ...(settings as TomlTable) }
    if (below?.env && above.env) above.env = { ...(below.env as TomlTable), ...(above.env as TomlTable) } // guest.env
    merged[group] = above
  }
  return merged
}
