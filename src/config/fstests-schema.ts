import { z } from 'zod'
import { choice, duration, path, size, text } from './kinds.js'
import { setting } from './setting.js'

const options = () =>
  text({
    pattern: /^[^\p{Cc}"`$\\]*$/u,
    what: 'options of a program',
    advice: 'leave out quotes, $ and \\: they are words as check splits them',
  })

const configuration = z.strictObject({
  mkfs_options: setting(options().optional(), {
    meaning: 'MKFS_OPTIONS of this configuration.',
    example: '-m crc=0',
    unset: '`fstests.mkfs_options`',
  }),
  mount_options: setting(options().optional(), {
    meaning: 'MOUNT_OPTIONS of this configuration.',
    example: '-o usrquota',
    unset: '`fstests.mount_options`',
  }),
})

/** The file system test suite. */
export const fstests = z
  .strictObject({
    src: setting(path().optional(), {
      meaning: 'A built tree of fstests (xfstests).',
      example: '~/xfstests',
    }),
    size: setting(size({ fromMiB: 64 }).prefault('20G'), {
      meaning: 'The size of each disk that the tests get. They are sparse files, gone with the VM.',
      example: '64G',
    }),
    bus: setting(choice(['virtio', 'scsi', 'nvme', 'zram']).prefault('virtio'), {
      meaning: 'How those disks are attached. With "zram" they are in the memory of the guest, and no files.',
      example: 'zram',
    }),
    mkfs_options: setting(options().optional(), {
      meaning: 'MKFS_OPTIONS of the tests.',
      example: '-b size=1024',
      unset: "check's own",
    }),
    mount_options: setting(options().optional(), {
      meaning: 'MOUNT_OPTIONS of the tests.',
      example: '-o noatime',
      unset: "check's own",
    }),
    local_config: setting(path().optional(), {
      meaning:
        'A local.config of yours, with sections or without. What it says wins; the disks are known to it already.',
      example: '~/xfstests/local.config',
    }),
    config: setting(
      z
        .record(
          z
            .string()
            .regex(/^[A-Za-z][\w-]*$/, { error: 'use letters, digits, _ and - in the name of a configuration' }),
          configuration,
          { error: 'is not a table; use [fstests.config.NAME]' },
        )
        .prefault({}),
      {
        kind: 'table',
        meaning:
          'A configuration: with any, each test runs once in each of them. Keys: `mkfs_options`, `mount_options`.',
        example: { quota: { mount_options: '-o usrquota' } },
      },
    ),
    exclude: setting(path().optional(), {
      meaning: 'A file of tests that are left out: `TEST [KERNELS] # REASON` a line (docs/fstests.md).',
      example: '~/fstests-exclude',
    }),
    test_timeout: setting(duration().prefault('1h'), {
      meaning: 'How long one test may take; then it is a hang, and the VM is replaced.',
      example: '10m',
    }),
  })
  .prefault({})
  .meta({ id: 'fstests', description: 'The profiles `fstests-…` and `rapido fstests`.' })
