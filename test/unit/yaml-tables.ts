/** A table of YAML. */
export type Table = Record<string, unknown>

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The tables in a table, with their names. */
export function tablesIn(value: unknown): [string, Table][] {
  return isTable(value) ? Object.entries(value).filter((entry): entry is [string, Table] => isTable(entry[1])) : []
}

/** A sentence for each key that is not among those known. */
export function unknownKeys(table: Table, known: string[], where: string): string[] {
  return Object.keys(table)
    .filter((key) => !known.includes(key))
    .map((key) => `${where} has no key ${key}`)
}
