import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Finds programs as the user's shell does, and in the folders that an ordinary user's PATH leaves out. */
export function programFinder(pathVariable: string = process.env.PATH ?? ''): (name: string) => string | undefined {
  const folders = realFolders([...pathVariable.split(':').filter(isAbsolute), ...systemFolders])
  return (name) => folders.map((folder) => join(folder, name)).find(isProgram)
}

/** Finds shared libraries, such as libkeyutils.so.1, where distributions put them. */
export function libraryFinder(): (name: string) => string | undefined {
  const folders = realFolders(libraryFolders())
  return (name) => folders.map((folder) => join(folder, name)).find((path) => kindOf(path) === 'file')
}

/** What is at a path, links followed; undefined where there is nothing, or nothing that this user may see. */
export function kindOf(path: string): 'file' | 'folder' | 'something else' | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false }) // an error costs more than the look
    if (found === undefined) return undefined
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'something else'
  } catch {
    return undefined
  }
}

/** Whether this user may read a file, or read and enter a folder. */
export function isReadable(path: string): boolean {
  return allows(path, constants.R_OK | (kindOf(path) === 'folder' ? constants.X_OK : 0))
}

/** Whether there is a file at a path, links followed, that this user may execute. */
export function isProgram(path: string): boolean {
  return kindOf(path) === 'file' && allows(path, constants.X_OK)
}

const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Debian has its libraries in a folder of the architecture's name, others in lib64. */
function libraryFolders(): string[] {
  const folders = ['/usr/lib64', '/lib64', '/usr/lib', '/lib']
  const triplets = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))
  return [...triplets.map((name) => join('/usr/lib', name)), ...folders]
}

/** /bin is /usr/bin nowadays: one name for both, lest a program's path hang on the order of PATH. */
function realFolders(folders: string[]): string[] {
  return [
    ...new Set(
      folders.flatMap((folder) => {
        try {
          return [realpathSync(folder)]
        } catch {
          return []
        }
      }),
    ),
  ]
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
