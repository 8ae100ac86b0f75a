import { readFile } from 'node:fs/promises'
import type { UsbFaultVerb } from '../config/usb-fault-verbs.js'
import { RapidoError } from '../errors.js'
import { packageFile } from '../host/package-root.js'
import type { Vm } from './vm.js'

/** What a guest gets for it; the script itself waits 10 s for each of its gadgets. */
const limitMs = 30_000

/** Statuses of src/guest/usb-fault. */
const noGadget = 3
const nothingToDo = 4

/**
 * Does a fault to the USB gadget that the guest has, and looks at its effect there. Throws RapidoError: 'usage' where there is
 * no gadget or nothing to do, 'host' where nothing came of it.
 */
export async function faultUsb({ verb }: { verb: UsbFaultVerb }, vm: Pick<Vm, 'number' | 'exec'>): Promise<void> {
  const script = await readFile(packageFile('src/guest/usb-fault'), 'utf8')
  const { status, stderr } = await vm.exec(['bash', '-c', script, 'usb-fault', verb], { timeoutMs: limitMs })
  if (status === 0) return
  const message = `${verb}: vm${vm.number} ${stderr.trim()}`
  if (status === noGadget) throw new RapidoError('usage', message, { hint: 'the profile "usb-gadget" has one' })
  throw new RapidoError(status === nothingToDo ? 'usage' : 'host', message)
}
