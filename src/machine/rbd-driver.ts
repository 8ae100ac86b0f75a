import { RapidoError } from '../errors.js'
import { installCommand, packageManager, providerOf } from '../host/packages.js'
import { run } from '../host/run.js'

/**
 * Throws RapidoError('host') where a QEMU has no driver for RBD images, with the package of it. Distributions have it as a
 * module, and QEMU lists it whether the module is there or not: so it is told to open an image, with a conf that is none.
 */
export async function requireRbdDriver(qemu: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  const image = 'driver=rbd,node-name=probe,pool=p,image=i,conf=/dev/null/none'
  const args = ['-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none', '-blockdev', image]
  const { stderr } = await run(qemu, args, { timeoutMs: 20_000, ...(signal && { signal }) })
  if (!/Unknown driver|does not accept value/.test(stderr)) return
  const manager = packageManager()
  const provider = providerOf('block-rbd.so', manager)
  throw new RapidoError('host', `QEMU (${qemu}) has no driver for RBD images`, {
    hint: 'package' in provider ? installCommand(manager, [provider.package]) : provider.find,
  })
}
