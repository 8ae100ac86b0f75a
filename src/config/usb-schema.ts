import { z } from 'zod'
import { choice, path, size, text } from './kinds.js'
import { setting } from './setting.js'

/** The settings group `usb_gadget`. */
export const usbGadget = z
  .strictObject({
    backing: setting(choice(['zram', 'crypt', 'rbd']).prefault('zram'), {
      meaning:
        'What the USB disk stores to: compressed memory, dm-crypt on that with a key that nobody keeps, or the RBD image ' +
        '`ceph.pool`/`ceph.image`.',
      example: 'crypt',
    }),
    size: setting(size({ fromMiB: 16 }).prefault('512M'), {
      meaning: 'The size of the disk, where it is in memory.',
      example: '1G',
    }),
    speed: setting(choice(['full', 'high', 'super']).prefault('high'), {
      meaning:
        'The speed of the bus: 12, 480 or 5000 Mbit/s, as far as its driver tells. `usbip` has no more than "high".',
      example: 'super',
    }),
    script: setting(path().optional(), {
      meaning: 'A script of your own that makes the gadget, run in the guest by bash. `$BACKING` is the block device.',
      example: '~/gadget.sh',
      unset: 'a mass storage gadget is made',
    }),
  })
  .prefault({})
  .meta({ id: 'usb_gadget', description: 'The USB gadget of the profiles `usb-gadget` and `usbip-device`.' })

/** The settings group `usbip`. */
export const usbip = z
  .strictObject({
    device: setting(
      text({ pattern: /^[\w.:-]+$/, what: 'a host', advice: 'use a name or an address, such as "rapido1"' }).optional(),
      {
        meaning: 'The machine that has the gadget.',
        example: '192.168.155.101',
        unset: '`device`, the machine of the same group, else `rapido1`',
      },
    ),
  })
  .prefault({})
  .meta({ id: 'usbip', description: 'USB over IP: the host of the profile `usbip-host`.' })
