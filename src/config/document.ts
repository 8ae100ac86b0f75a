import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { RapidoError } from '../errors.js'
import type { Mistake } from './explain.js'
import { locateKeys } from './locate.js'
import { parseToml, type TomlTable } from './toml.js'
import { keyText } from './toml-value.js'

/** A TOML file that was read, and a way to name places in it. */
export interface TomlDocument {
  table: TomlTable
  tell(mistakes: Mistake[]): string[] // "rapido.toml:14:1 vm.memory: what; what to try", in the file's order
}

/** Reads a TOML file. Throws RapidoError('usage') where it cannot be read or is no TOML. */
export async function readDocument(file: string, cwd: string): Promise<TomlDocument> {
  const shownFile = shownPath(file, cwd)
  const source = await readSource(file, shownFile)
  const table = parseToml(source, shownFile)
  const placeOf = locateKeys(source)
  return {
    table,
    tell: (mistakes) =>
      mistakes
        .map(({ path, message }) => ({ ...placeOf(path), text: `${keyText(path)}: ${message}` }))
        .sort((one, other) => one.line - other.line || one.column - other.column)
        .map(({ line, column, text }) => `${shownFile}:${line}:${column} ${text}`),
  }
}

/** A path as people see it: from where they are, if it is below. */
export function shownPath(file: string, cwd: string): string {
  const below = relative(cwd, file)
  return below.startsWith('..') || below === '' ? file : below
}

async function readSource(file: string, shownFile: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: 'no such file',
      EACCES: 'you may not read it',
      EISDIR: 'this is a folder, not a file',
    }
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new RapidoError('usage', `${shownFile}: ${reasons[code] ?? message}`, { cause: error })
  }
}
