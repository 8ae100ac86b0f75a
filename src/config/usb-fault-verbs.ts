import { z } from 'zod'

// The faults of a USB gadget, for fault-verbs.ts. They are done in the guest that has it.

const onGadget = z.strictObject({})

export const usbFaultVerbs = {
  'usb-unplug': { about: 'Pulls the cable of the USB gadget', undo: 'usb-plug', schema: onGadget },
  'usb-plug': { about: 'Plugs it in again', undo: undefined, schema: onGadget },
  'usb-eject': {
    about: 'Takes the medium out of the USB disk, whether or not it is in use',
    undo: 'usb-insert',
    schema: onGadget,
  },
  'usb-insert': { about: 'Puts the same medium in again', undo: undefined, schema: onGadget },
} as const

export type UsbFaultVerb = keyof typeof usbFaultVerbs
