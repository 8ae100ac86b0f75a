import { join } from 'node:path'

/** The folder of rapido's package.json. This file sits two below it, in src/ as in dist/. */
export const packageRoot = join(import.meta.dirname, '..', '..')

/** Absolute path of a file that is shipped with rapido, such as 'src/guest/init'. */
export function packageFile(path: string): string {
  return join(packageRoot, path)
}
