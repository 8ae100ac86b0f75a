import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { RapidoError } from '../errors.js'
import { type UserFolders, xdgFolder } from './paths.js'

/**
 * The rapido.toml that holds in a folder: there or in a folder above, else the user's own; undefined where there is none.
 * Throws RapidoError('usage') rather than obey a file that another user left in a folder above, as in /tmp.
 */
export async function findConfigFile(from: string, user: UserFolders): Promise<string | undefined> {
  const cwd = resolve(from)
  const cwdOwner = (await stat(cwd)).uid
  for (const folder of foldersUpwards(cwd)) {
    const file = join(folder, 'rapido.toml')
    const owner = await ownerOf(file)
    if (owner === undefined) continue
    if (folder !== cwd && !isTrusted(owner, { self: process.getuid?.() ?? 0, cwdOwner })) {
      const hint = `if you trust it, name it: --config ${file}`
      throw new RapidoError('usage', `${file} belongs to another user, and settings can start programs`, { hint })
    }
    return file
  }
  const own = join(xdgFolder('XDG_CONFIG_HOME', user), 'rapido.toml')
  return (await ownerOf(own)) === undefined ? undefined : own
}

/** Whether a file in a folder above may be obeyed: it is ours, root's, or of the one whose tree we stand in. */
export function isTrusted(owner: number, who: { self: number; cwdOwner: number }): boolean {
  return owner === 0 || owner === who.self || owner === who.cwdOwner
}

function foldersUpwards(folder: string): string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...foldersUpwards(above)]
}

async function ownerOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).uid
  } catch {
    return undefined // not there, or out of reach: then it is not for us
  }
}
