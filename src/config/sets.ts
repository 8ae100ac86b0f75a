import { parseToml, type TomlTable } from './toml.js'

/** One `--set key=value`, taken apart. */
export interface SetOption {
  path: string[]
  values: [unknown, ...unknown[]] // what it may mean, the likelier first: as TOML, and as the bare text
}

/** Takes `key=value` apart; a string says what is wrong with it. */
export function readSet(option: string): SetOption | string {
  const equals = option.indexOf('=')
  if (equals < 0) return 'no value; write --set key=value'
  const path = readKey(option.slice(0, equals))
  if (path === undefined) return 'not the name of a setting; write --set key=value, such as --set vm.memory=2G'
  const text = option.slice(equals + 1)
  const asToml = readToml(`value = ${text}`)
  const isOneValue = asToml !== undefined && Object.keys(asToml).length === 1
  return { path, values: isOneValue ? [asToml.value, text] : [text] }
}

/** The table that sets just this one thing. */
export function tableOf(path: readonly string[], value: unknown): TomlTable {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as TomlTable
}

function readKey(text: string): string[] | undefined {
  let table: unknown = text.includes('\n') ? undefined : readToml(`${text} = true`)
  const path: string[] = []
  while (typeof table === 'object' && table !== null) {
    const [key] = Object.keys(table)
    if (key === undefined) return undefined
    path.push(key)
    table = (table as TomlTable)[key]
  }
  return table === true ? path : undefined
}

function readToml(source: string): TomlTable | undefined {
  try {
    return parseToml(source, '--set')
  } catch {
    return undefined
  }
}
