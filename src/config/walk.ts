import { z } from 'zod'

/** The schema below optional, defaults and the transforms that give units. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return bare(schema.def.innerType)
  if (schema instanceof z.ZodPipe) return bare(schema.def.in)
  return schema
}

/** The schema of one key or element, undefined where it knows no such key. */
export function childOf(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  const inner = bare(schema)
  if (inner instanceof z.ZodObject) return shapeOf(inner)[part]
  if (inner instanceof z.ZodRecord) return inner.def.valueType
  if (inner instanceof z.ZodArray) return inner.def.element
  if (inner instanceof z.ZodTuple) return inner.def.items[Number(part)] ?? inner.def.rest ?? undefined
  if (inner instanceof z.ZodUnion) return inner.options.map((option) => childOf(option, part)).find(Boolean)
  return undefined
}

/** The schema of each key that a table knows; none for what is no table, or one whose keys are free. */
export function shapeOf(schema: z.core.$ZodType | undefined): Record<string, z.core.$ZodType> {
  const inner = schema && bare(schema)
  return inner instanceof z.ZodObject ? Object.assign(Object.create(null), inner.shape) : {}
}

/** The schema at a path, undefined where it knows no such path. */
export function schemaAt(schema: z.core.$ZodType, path: readonly (string | number)[]): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((at, part) => at && childOf(at, part), schema)
}
