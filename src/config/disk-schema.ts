import { z } from 'zod'
import { choice, flag, integer, path, size, text } from './kinds.js'
import { setting } from './setting.js'

// A disk of a VM: [[machine.disk]] of profile.toml has the defaults, [disk.ID] of rapido.toml what differs.

/** What a disk is called: its paths are that and a letter each. */
export const diskIdPattern = /^[a-z][a-z0-9]{0,11}$/

export const diskId = () =>
  text({ pattern: diskIdPattern, what: 'the name of a disk', advice: 'use small letters and digits' })

/** How a disk is attached; one on zram is no device of the VM, but memory of the guest. */
export const buses = ['virtio', 'scsi', 'nvme', 'usb', 'zram'] as const

/** What is the same in both; `file` and `rbd` are not. Nothing has a default here: what is set in one stands over the other. */
export const diskKeys = {
  size: setting(size({ fromMiB: 1 }).optional(), {
    meaning:
      'Makes a scratch disk of this size: a sparse file that is gone with the VM, or with `bus = "zram"` memory.',
    example: '2G',
    unset: '`file` or `rbd` is used',
  }),
  format: setting(choice(['raw', 'qcow2']).optional(), {
    meaning: 'What is in `file`. A disk with several paths must be raw.',
    example: 'qcow2',
    unset: '"raw"',
  }),
  bus: setting(choice(buses).optional(), {
    meaning:
      'How it is attached: virtio-blk, a disk on virtio-scsi, NVMe, or a USB stick; or "zram": it is in the memory of ' +
      'the guest, which has so much more, and takes `size` and `serial` alone.',
    example: 'scsi',
    unset: '"virtio"',
  }),
  paths: setting(integer({ from: 1, to: 8 }).optional(), {
    meaning: 'Through how many paths the guest sees it: as so many SCSI disks with one serial number.',
    example: 2,
    unset: '1',
  }),
  controllers: setting(choice(['one', 'each']).optional(), {
    meaning: 'Whether all paths of a SCSI disk are on one controller, or each has its own.',
    example: 'each',
    unset: '"one"',
  }),
  serial: setting(
    text({
      pattern: /^[\w.-]{1,20}$/,
      what: 'a serial number',
      advice: 'use at most 20 letters, digits, _ . -',
    }).optional(),
    { meaning: 'Its serial number.', example: 'MPIO', unset: '`rapido-ID`' },
  ),
  wwn: setting(
    text({ pattern: /^(0x)?[0-9a-fA-F]{16}$/, what: 'a WWN', advice: 'use 16 hexadecimal digits' }).optional(),
    {
      meaning: 'World Wide Name of a SCSI disk. Multipath tools tell disks apart by it.',
      example: '5000c50015ea71aa',
      unset: 'made of the serial number, for a SCSI disk',
    },
  ),
  readonly: setting(flag().optional(), {
    meaning: 'Whether the guest may only read it.',
    example: true,
    unset: 'false',
  }),
  cache: setting(choice(['writeback', 'writethrough', 'none', 'directsync', 'unsafe']).optional(), {
    meaning: 'QEMU\'s cache mode: "none" passes the host\'s page cache by, "unsafe" ignores flushes.',
    example: 'none',
    unset: '"writeback"',
  }),
  iops: setting(integer({ from: 1, to: 1_000_000_000 }).optional(), {
    meaning: 'Most I/O operations a second, on each path.',
    example: 500,
    unset: 'no limit',
  }),
  bandwidth: setting(size({ fromMiB: 1 }).optional(), {
    meaning: 'Most bytes a second, on each path.',
    example: '10M',
    unset: 'no limit',
  }),
}

export const rbdMeaning =
  'An RBD image of the Ceph cluster, POOL/IMAGE: QEMU uses it, with librbd, and the guest needs no client of Ceph. One ' +
  'that is not there is made as `ceph.rbd.create` has it.'

/** [disk.ID] of rapido.toml. */
export const settingsDisk = z.strictObject({
  file: setting(path().optional(), {
    meaning: 'A file or block device of the host. Never made, never deleted.',
    example: '~/disks/test.img',
    unset: '`size` makes one',
  }),
  rbd: setting(
    text({
      pattern: /^[A-Za-z0-9_.][A-Za-z0-9_.-]*\/[A-Za-z0-9_.][A-Za-z0-9_.-]*$/,
      what: 'an RBD image',
      advice: 'use POOL/IMAGE, such as "rbd/disk1"',
    }).optional(),
    { meaning: rbdMeaning, example: 'rbd/disk1', unset: '`size` or `file` is used' },
  ),
  ...diskKeys,
})
