import type { z } from 'zod'
import type { ValuePath } from './locate.js'
import { nearest } from './nearest.js'
import { settingRows } from './rows.js'
import { keyText } from './toml-value.js'
import { schemaAt, shapeOf } from './walk.js'

/**
 * The key that was meant: another spelling of the whole (KERNEL_SRC, as upstream has it), a setting in the wrong table
 * (`memory` is vm.memory), or a slip. Where none is likely, all that are known there.
 */
export function adviseKey(schema: z.core.$ZodType, path: ValuePath): string {
  const prefix = path[0] === 'profile' && path.length > 2 ? path.slice(0, 2) : []
  const known = settingRows(schemaAt(schema, prefix) ?? schema).filter((row) => row.name !== 'NAME')
  const here = squeeze(keyText(path.slice(prefix.length)))
  const respelt = known.find((row) => squeeze(row.key) === here)
  if (respelt) return didYouMean([...prefix, ...respelt.key.split('.')])

  const typed = String(path.at(-1))
  const elsewhere = known.find((row) => squeeze(row.name) === squeeze(typed))
  if (elsewhere) return didYouMean([...prefix, ...elsewhere.key.split('.')])

  const parent = path.slice(0, -1)
  const siblings = Object.keys(shapeOf(schemaAt(schema, parent)))
  const near = nearest(typed, siblings)
  if (near !== undefined) return didYouMean([...parent, near])
  return `known here: ${siblings.join(', ')}`
}

function didYouMean(path: ValuePath): string {
  return `did you mean ${keyText(path)}?`
}

/** The letters and digits of a key, for spellings that differ in case and punctuation only. */
function squeeze(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '')
}
