import type { z } from 'zod'
import type { profileSchema } from './profile-schema.js'

/** Where a profile was found: ./profiles, the user's own, or shipped with rapido. The first wins. */
export type ProfileOrigin = 'project' | 'user' | 'shipped'

/**
 * A profile as read from its profile.toml, every default applied, keys as in the file. `machine.memory` is in MiB.
 * Paths under `image`, and files of disks, are absolute, but for those that begin with a setting: "{kernel.src}/x" (expand.ts).
 */
export interface Profile extends z.output<typeof profileSchema> {
  name: string
  folder: string // absolute
  bootScript: string // path of boot.sh
  origin: ProfileOrigin
}
