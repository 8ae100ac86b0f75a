/** A value as one would write it in TOML, on one line. For messages, docs and examples. */
export function tomlValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value) // every JSON string is a basic TOML string
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${tomlKey(key)} = ${tomlValue(entry)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  return String(value)
}

/** A key as one would write it in TOML: bare where that is possible. */
export function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
}

/** A path as a person writes it: kernel.params[1]. */
export function keyText(path: readonly (string | number)[]): string {
  return path.map((part, index) => partText(part, index === 0)).join('')
}

function partText(part: string | number, isFirst: boolean): string {
  if (typeof part === 'number') return `[${part}]`
  return isFirst ? tomlKey(part) : `.${tomlKey(part)}`
}
