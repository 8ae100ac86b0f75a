import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder of rapido's package.json: above this module, be it in src/ or a part of a file of dist/. */
export const packageRoot = folderWith('package.json', import.meta.dirname)

/** Absolute path of a file that is shipped with rapido, such as 'src/guest/init'. */
export function packageFile(path: string): string {
  return join(packageRoot, path)
}

function folderWith(file: string, folder: string): string {
  return existsSync(join(folder, file)) || folder === '/' ? folder : folderWith(file, dirname(folder))
}
