import { z } from 'zod'
import { type CephFaultVerb, cephFaultVerbs } from './ceph-fault-verbs.js'
import { choice, duration, integer, size, text } from './kinds.js'
import { setting } from './setting.js'
import { type UsbFaultVerb, usbFaultVerbs } from './usb-fault-verbs.js'

// Every fault that rapido can do to a VM that runs, with what it takes. `rapido fault --help`, docs/faults.md, the
// messages for what is mistyped and the library's types are made of this table.

const path = setting(text(), { meaning: 'A path of a disk, as `rapido fault VM` lists them.', example: 'hda' })
const disk = setting(text(), { meaning: 'A disk.', example: 'hd' })
const nic = setting(text().prefault('nic0'), { meaning: 'A NIC.', example: 'nic1' })

const onPath = z.strictObject({ path })
const onVm = z.strictObject({})

const ioError = z.strictObject({
  path,
  operation: setting(choice(['read', 'write', 'flush', 'discard']).optional(), {
    meaning: 'The operations that fail.',
    example: 'write',
    unset: 'all',
  }),
  every: setting(integer({ from: 1, to: 1000 }).prefault(1), {
    meaning: 'Only every so many-th operation fails. For reads or writes.',
    example: 10,
  }),
  sector: setting(integer({ from: 0, to: 2 ** 53 - 1 }).optional(), {
    meaning: 'Only operations that touch this sector, of 512 bytes, fail.',
    example: 2048,
    unset: 'any sector',
  }),
  errno: setting(choice(['EIO', 'ENOSPC', 'EPERM', 'EINVAL']).prefault('EIO'), {
    meaning: 'The error. The guest is told EIO of most.',
    example: 'ENOSPC',
  }),
})

const slow = z.strictObject({
  path,
  iops: setting(integer({ from: 1, to: 1_000_000_000 }).optional(), {
    meaning: 'Most operations a second.',
    example: 10,
    unset: 'no limit',
  }),
  bandwidth: setting(size({ fromMiB: 1 }).optional(), {
    meaning: 'Most bytes a second.',
    example: '1M',
    unset: 'no limit',
  }),
  latency: setting(duration().optional(), {
    meaning: 'Operations begin at least so far apart; one after a pause is not delayed.',
    example: '200ms',
    unset: 'none',
  }),
})

/** What a verb does, what undoes it, and the schema of its target and options. */
export const faultVerbs = {
  'path-dead': { about: 'Takes the medium from a path: all I/O on it fails', undo: 'path-restore', schema: onPath },
  'path-restore': { about: 'Gives a dead path a new device with its medium', undo: undefined, schema: onPath },
  unplug: { about: 'Removes the device of a path, as a cable that is pulled', undo: 'plug', schema: onPath },
  plug: { about: 'Plugs the device of a path in again', undo: undefined, schema: onPath },
  'io-error': { about: 'Fails I/O on a path: all of it, or some', undo: 'heal', schema: ioError },
  slow: { about: 'Slows a path down', undo: 'heal', schema: slow },
  hang: { about: 'I/O on a path is not answered any more', undo: 'heal', schema: onPath },
  heal: { about: 'Ends io-error, slow and hang on a path', undo: undefined, schema: onPath },
  'link-down': { about: 'Takes the carrier from a NIC', undo: 'link-up', schema: z.strictObject({ nic }) },
  'link-up': { about: 'Gives it back', undo: undefined, schema: z.strictObject({ nic }) },
  freeze: { about: 'Stops all CPUs of the VM: its clock stands still', undo: 'thaw', schema: onVm },
  thaw: { about: 'Lets them go on', undo: undefined, schema: onVm },
  nmi: { about: 'A non-maskable interrupt for every CPU', undo: undefined, schema: onVm },
  reset: { about: 'Presses the reset button; the guest boots, and boot.sh runs, again', undo: undefined, schema: onVm },
  'power-cut': {
    about: 'Ends the VM at once: what the guest has not written to its disks is lost',
    undo: undefined,
    schema: onVm,
  },
  resize: {
    about: 'Changes the size of a disk, on all its paths',
    undo: 'resize',
    schema: z.strictObject({
      disk,
      size: setting(size({ fromMiB: 1 }), { meaning: 'The new size.', example: '4G' }),
    }),
  },
  ...usbFaultVerbs,
  ...cephFaultVerbs,
} as const

export type FaultVerb = keyof typeof faultVerbs

/** What a verb takes, as it is written: `{ path: 'hda', latency: '200ms' }`. */
export type FaultInput<Verb extends FaultVerb> = z.input<(typeof faultVerbs)[Verb]['schema']>

/** A fault that was read: sizes in MiB, durations in milliseconds. */
export type Fault = {
  [Verb in FaultVerb]: { verb: Verb } & z.output<(typeof faultVerbs)[Verb]['schema']>
}[FaultVerb]

/** Whether a fault is one of the cluster that a VM uses, and not of its machine. */
export function isCephFault(fault: Fault): fault is Extract<Fault, { verb: CephFaultVerb }> {
  return fault.verb in cephFaultVerbs
}

/** Whether a fault is one of the USB gadget that a guest has. */
export function isUsbFault(fault: Fault): fault is Extract<Fault, { verb: UsbFaultVerb }> {
  return fault.verb in usbFaultVerbs
}
