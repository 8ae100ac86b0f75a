/** Takes a value of a parsed JSON document, or throws an Error that says where it is something else. */
export type Reader<T> = (value: unknown, where: string) => T

export const text: Reader<string> = (value, where) => (typeof value === 'string' ? value : wrong(where, 'text', value))

export const number: Reader<number> = (value, where) =>
  typeof value === 'number' ? value : wrong(where, 'a number', value)

export const flag: Reader<boolean> = (value, where) =>
  typeof value === 'boolean' ? value : wrong(where, 'true or false', value)

/** An ISO 8601 time, kept as text. */
export const time: Reader<string> = (value, where) =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : wrong(where, 'a time', value)

/** One of a few words. */
export function oneOf<T extends string>(...words: T[]): Reader<T> {
  return (value, where) => words.find((word) => word === value) ?? wrong(where, `one of ${words.join(', ')}`, value)
}

export function list<T>(read: Reader<T>): Reader<T[]> {
  return (value, where) =>
    Array.isArray(value) ? value.map((item, index) => read(item, `${where}[${index}]`)) : wrong(where, 'a list', value)
}

/** null where there is nothing, which is undefined here. The field itself must be there. */
export function nullable<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, where) => (value === null ? undefined : read(value, where))
}

/** An object with at least these fields. Others are left out. */
export function record<T>(fields: { [K in keyof T]-?: Reader<T[K]> }): Reader<T> {
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(where, 'an object', value)
    const found = value as Record<string, unknown>
    const entries = Object.entries<Reader<unknown>>(fields).map(([name, read]) => {
      return [name, read(found[name], where === '' ? name : `${where}.${name}`)]
    })
    return Object.fromEntries(entries) as T
  }
}

function wrong(where: string, wanted: string, value: unknown): never {
  const what = where === '' ? 'the document' : where
  if (value === undefined) throw new Error(`${what} is missing`)
  const found = JSON.stringify(value)
  throw new Error(`${what} must be ${wanted}, not ${found.length > 60 ? `${found.slice(0, 60)}…` : found}`)
}
