import toml from 'toml'

/** Where something stands in a file; both count from 1. */
export interface Place {
  line: number
  column: number
}

/** The way to a value: keys, and indexes into lists. */
export type ValuePath = readonly (string | number)[]

/**
 * Where each key of a TOML document stands. The toml library does not tell, so this walks the text once more; it takes
 * for granted that the library has accepted it. The answer for a path that is not in the document is its nearest
 * ancestor's place, or the top.
 */
export function locateKeys(source: string): (path: ValuePath) => Place {
  const offsets = keyOffsets(source)
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsets.get(JSON.stringify(path.slice(0, length)))
      if (offset !== undefined) return placeAt(source, offset)
    }
    return { line: 1, column: 1 }
  }
}

function placeAt(source: string, offset: number): Place {
  const before = source.slice(0, offset).replace(/^\uFEFF/, '')
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') }
}

const blank = /[ \t]*/y
const blankLines = /(?:\s|#[^\n]*)*/y // \s takes the byte order mark too
const bareKey = /[A-Za-z0-9_-]+/y
const bareValue = /[^,\]}\n#]*/y
const strings = [
  /"""(?:\\[\s\S]|(?!""")[\s\S])*"{3,5}/y, // up to two quotes may stand before the closing three
  /'''(?:(?!''')[\s\S])*'{3,5}/y,
  /"(?:\\.|[^"\\])*"/y,
  /'[^']*'/y,
]

/** Offset of each key, header and list element, by its path as JSON. */
function keyOffsets(source: string): Map<string, number> {
  const offsets = new Map<string, number>()
  const lengths = new Map<string, number>() // of arrays of tables, by their path as JSON
  let position = 0

  let table: (string | number)[] = []
  for (take(blankLines); position < source.length; take(blankLines)) {
    if (source[position] === '[') table = readHeader()
    else readPair(table)
  }
  return offsets

  function take(pattern: RegExp): string {
    pattern.lastIndex = position
    const taken = pattern.exec(source)?.[0] ?? ''
    position += taken.length
    return taken
  }

  function note(path: ValuePath, offset: number): void {
    const key = JSON.stringify(path)
    if (!offsets.has(key)) offsets.set(key, offset)
  }

  function readHeader(): (string | number)[] {
    const isArray = source.startsWith('[[', position)
    position += isArray ? 2 : 1
    const path: (string | number)[] = []
    const keys = readKeys()
    for (const [index, { key, offset }] of keys.entries()) {
      path.push(key)
      note(path, offset)
      const id = JSON.stringify(path)
      if (isArray && index === keys.length - 1) lengths.set(id, (lengths.get(id) ?? 0) + 1)
      const length = lengths.get(id)
      if (length !== undefined) path.push(length - 1) // what follows belongs to the last one so far
      note(path, offset)
    }
    position += isArray ? 2 : 1
    return path
  }

  function readPair(parent: ValuePath): void {
    const path = [...parent]
    for (const { key, offset } of readKeys()) {
      path.push(key)
      note(path, offset)
    }
    position += 1 // =
    take(blank)
    readValue(path)
  }

  /** A key, dotted or not; stops at what follows it. */
  function readKeys(): { key: string; offset: number }[] {
    const keys: { key: string; offset: number }[] = []
    for (;;) {
      take(blank)
      const offset = position
      const quoted = takeString()
      keys.push({ key: quoted === '' ? take(bareKey) : String(toml.parse(`key = ${quoted}`).key), offset })
      take(blank)
      if (source[position] !== '.') return keys
      position += 1
    }
  }

  function takeString(): string {
    for (const pattern of strings) {
      const taken = take(pattern)
      if (taken !== '') return taken
    }
    return ''
  }

  function readValue(path: ValuePath): void {
    if (source[position] === '[') {
      let index = 0
      readItems(']', () => {
        note([...path, index], position)
        readValue([...path, index])
        index += 1
      })
    } else if (source[position] === '{') {
      readItems('}', () => readPair(path))
    } else if (takeString() === '') {
      take(bareValue)
    }
  }

  /** What stands between brackets, comma by comma; lines and comments may come between any two. */
  function readItems(end: string, readItem: () => void): void {
    position += 1
    for (take(blankLines); position < source.length && source[position] !== end; take(blankLines)) {
      readItem()
      take(blankLines)
      if (source[position] === ',') position += 1
    }
    position += 1
  }
}
