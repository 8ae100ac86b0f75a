import { dirname, resolve } from 'node:path'
import { RapidoError } from '../errors.js'
import { makeFolder } from '../host/make-folder.js'
import { writeAtomic } from '../host/write.js'
import type { Io } from './io.js'

/** Writes a report to a file, folders made; `-` is stdout. It is for others to read: mode 0644. */
export async function writeReport(file: string, text: string, io: Io): Promise<void> {
  if (file === '-') {
    io.stdout.write(text)
    return
  }
  const path = resolve(io.cwd, file)
  try {
    makeFolder(dirname(path), 0o755)
    await writeAtomic(path, text, 0o644)
  } catch (cause) {
    throw new RapidoError('host', `cannot write the report ${path}: ${(cause as Error).message}`, { cause })
  }
}
