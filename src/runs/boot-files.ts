import { readFile, stat } from 'node:fs/promises'
import { expandSettings, isExpandable } from '../config/expand.js'
import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'

/** A file that a profile sends along with its boot.sh. */
interface BootFile {
  to: string // in the guest
  content: Buffer
  mode: number
}

/**
 * What `boot.include` has, but for what names a setting that is not set. Throws RapidoError('usage') for a file that cannot be
 * read.
 */
export async function readBootFiles(profile: Profile, settings: Settings): Promise<BootFile[]> {
  const named = profile.boot.include.filter(({ from }) => isExpandable(from, settings))
  return await Promise.all(
    named.map(async ({ from, to }) => {
      const path = expandSettings(from, settings)
      try {
        return { to, content: await readFile(path), mode: (await stat(path)).mode & 0o777 }
      } catch (cause) {
        throw new RapidoError('usage', `cannot read ${path}: ${(cause as Error).message}`, {
          hint: `profile "${profile.name}" sends this file to the guest, as ${to}`,
          cause,
        })
      }
    }),
  )
}
