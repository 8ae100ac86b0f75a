import { z } from 'zod'
import { choice, size } from './kinds.js'
import { setting } from './setting.js'

/** Snapshots of booted guests. */
export const snapshot = z
  .strictObject({
    use: setting(choice(['auto', 'never']).prefault('auto'), {
      meaning:
        '"auto" boots a kernel, image and shape of machine once, and goes on from there the next time; "never" boots ' +
        'each time, as `--cold` does.',
      example: 'never',
    }),
    max_size: setting(size({ fromMiB: 0 }).prefault('4G'), {
      meaning: 'How much of the disk all snapshots may take; those not used for the longest time go.',
      example: '16G',
    }),
  })
  .prefault({})
  .meta({ id: 'snapshot', description: 'Snapshots of booted guests, from which VMs start.' })
