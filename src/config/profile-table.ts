import { resolvePath } from './paths.js'
import type { TomlTable } from './toml.js'

// Profiles are joined as tables, before any default is put in: what a profile does not say is said by the one below it.

/** One profile over another: tables are joined key by key, lists follow each other, of anything else the upper one wins. */
export function extended(below: TomlTable, above: TomlTable): TomlTable {
  const { template: _, ...inherited } = below // that it is no profile of its own is not handed down
  return joined(inherited, above) as TomlTable
}

function joined(below: unknown, above: unknown): unknown {
  if (Array.isArray(below) && Array.isArray(above)) return joinedLists(below, above)
  if (!isTable(below) || !isTable(above)) return above
  const keys = Object.entries(above).map(([key, value]) => [key, joined(below[key], value)])
  return { ...below, ...Object.fromEntries(keys) }
}

/** Disks are told apart by their id: one that is in both is one disk. */
function joinedLists(below: unknown[], above: unknown[]): unknown[] {
  const idOf = (value: unknown) => (isTable(value) ? value.id : undefined)
  const over = (value: unknown) => above.find((each) => idOf(each) !== undefined && idOf(each) === idOf(value))
  const kept = below.map((value) => {
    const other = over(value)
    return other === undefined ? value : joinedDisks(value as TomlTable, other as TomlTable)
  })
  return [...kept, ...above.filter((value) => !below.some((each) => over(each) === value))]
}

/** A medium of the upper one is in place of any medium of the lower one. */
function joinedDisks(below: TomlTable, above: TomlTable): unknown {
  const media = ['size', 'file', 'rbd']
  const isElsewhere = media.some((medium) => medium in above)
  const kept = Object.entries(below).filter(([key]) => !isElsewhere || !media.includes(key))
  return joined(Object.fromEntries(kept), above)
}

/** A profile's table with the paths of the host in it made absolute. What has another mistake is left as it is. */
export function withAbsolutePaths(table: TomlTable, base: { folder: string; home: string }): TomlTable {
  const path = (value: unknown) => (typeof value === 'string' ? hostPath(value, base) : value)
  const program = (value: unknown) => (typeof value === 'string' && value.includes('/') ? path(value) : value)
  return changed(table, {
    image: (image) =>
      changed(image, {
        install: each(program),
        install_optional: each(program),
        include: each((include) => changed(include, { from: path })),
        trees: each((tree) => changed(tree, { from: path })),
      }),
    boot: (boot) => changed(boot, { include: each((include) => changed(include, { from: path })) }),
    machine: (machine) => changed(machine, { disk: each((disk) => changed(disk, { file: path })) }),
    when: each((condition) => changed(condition, { install: each(program) })),
  }) as TomlTable
}

/** What begins with a setting is left as it is: the setting is most likely a path. */
export function hostPath(written: string, base: { folder: string; home: string }): string {
  return written.startsWith('{') ? written : resolvePath(written, base)
}

function each(change: (value: unknown) => unknown): (value: unknown) => unknown {
  return (value) => (Array.isArray(value) ? value.map(change) : value)
}

function changed(value: unknown, changes: Record<string, (value: unknown) => unknown>): unknown {
  if (!isTable(value)) return value
  const entries = Object.entries(value).map(([key, old]) => [key, changes[key]?.(old) ?? old])
  return Object.fromEntries(entries)
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
