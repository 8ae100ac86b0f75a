import { join } from 'node:path'

export const packageFolder = join(import.meta.dirname, '../..')

/** XDG_CACHE_HOME of all end-to-end tests that do not bring their own: each image is made once. A user's own (0700). */
export const sharedCache = join(packageFolder, `node_modules/.cache/rapido-e2e-${process.geteuid?.()}`)
