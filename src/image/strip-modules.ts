import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { programFinder } from '../host/programs.js'
import { type BuildOptions, runHeld } from './build-run.js'
import { readPiece, withFile } from './file-bytes.js'
import { lookAt } from './inputs.js'

/** Takes the debug information out of modules, as dracut does: not of signed ones, which then would not load. */
export async function stripModules(root: string, options: BuildOptions): Promise<void> {
  const find = programFinder()
  const program = find('eu-strip') ?? find('strip')
  const modules = unsignedBelow(join(root, 'lib/modules'))
  if (program !== undefined && modules.length > 0) await runHeld(program, ['-g', '-p', ...modules], {}, options)
}

function unsignedBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ko'))
    .map((name) => join(folder, name))
    .filter((path) => !isSigned(path))
}

/** Documentation/admin-guide/module-signing.rst: the file ends with these words. */
function isSigned(path: string): boolean {
  const bytes = Number(lookAt(path)?.size ?? 0n)
  const size = Math.min(signature.length, bytes)
  return withFile(path, (fd) => readPiece({ fd, offset: bytes - size, size })).toString('latin1') === signature
}

const signature = '~Module signature appended~\n'
