import { z } from 'zod'
import { choice, list, path, size } from './kinds.js'
import { setting } from './setting.js'

/** The tests of the block layer. */
export const blktests = z
  .strictObject({
    src: setting(path().optional(), {
      meaning: 'A built tree of blktests.',
      example: '~/blktests',
    }),
    devices: setting(
      list(choice(['disk', 'null_blk', 'scsi_debug']), { of: 'devices', such: '["disk", "null_blk"]' }).prefault([
        'disk',
      ]),
      {
        meaning:
          'What is in TEST_DEVS: the disks whose serial number has TEST_DEV in it, and a device of either module. A ' +
          'test of devices runs on each of them.',
        example: ['disk', 'null_blk', 'scsi_debug'],
      },
    ),
    size: setting(size({ fromMiB: 64 }).prefault('1G'), {
      meaning: 'The size of the disk that the tests get: a sparse file, gone with the VM.',
      example: '4G',
    }),
    config: setting(path().optional(), {
      meaning: 'A `config` of yours for blktests, a shell script. It is read last: what it says wins.',
      example: '~/blktests/config',
    }),
  })
  .prefault({})
  .meta({ id: 'blktests', description: 'The profile `blktests`: docs/suites.md.' })
