import type { HeldFolder } from '../host/hold.js'
import { keepForVm } from '../image/cache.js'
import { unpackKernel } from '../image/direct-kernel.js'
import { ensureImage } from '../image/ensure.js'
import type { Emit } from './events.js'
import type { RunPlan } from './plan-run.js'
import { startWay } from './start-way.js'

/** What QEMU is given to boot: paths, most of them in the cache. */
export interface BootedFiles {
  initrd: string
  kernel: string
}

interface Options {
  signal: AbortSignal
  emit: Emit
}

/** The kernel and the image of a plan, made where they are stale, or not there. */
export async function ensureBootedFiles(plan: RunPlan, { signal, emit }: Options): Promise<BootedFiles> {
  const cacheDir = plan.settings.paths.cache
  const [image, kernel] = await Promise.all([
    ensureImage(plan.image, { cacheDir, force: startWay() === 'cold', signal, emit }),
    ensureKernel(plan, { signal, emit }),
  ])
  return { initrd: image.path, kernel }
}

/**
 * Locks them for the VM whose folder is `member`, that nobody clears them away while it waits for its turn or its cluster;
 * returns them, made once more where they have just been removed.
 */
export async function keepBootedFiles(
  found: BootedFiles,
  { plan, member, ...options }: Options & { plan: RunPlan; member: HeldFolder },
): Promise<BootedFiles> {
  const keep = ({ initrd, kernel }: BootedFiles) => keepForVm(member, [initrd, kernel], plan.settings.paths.cache)
  if (await keep(found)) return found
  const again = await ensureBootedFiles(plan, options)
  await keep(again)
  return again
}

async function ensureKernel(plan: RunPlan, { signal, emit }: Options): Promise<string> {
  if (plan.entry.kind === 'bzimage') return plan.kernel.image
  if (plan.entry.kind === 'elf') return plan.entry.path
  const unpacked = await unpackKernel(plan.kernel.image, { cacheDir: plan.settings.paths.cache, signal })
  if ('path' in unpacked) return unpacked.path
  emit({ type: 'note', text: unpacked.note })
  return plan.kernel.image
}
