import { unpackKernel } from '../image/direct-kernel.js'
import { ensureImage } from '../image/ensure.js'
import type { Emit } from './events.js'
import type { RunPlan } from './plan-run.js'
import { startWay } from './start-way.js'

/** What QEMU is given to boot: paths, most of them in the cache. */
export interface BootedFiles {
  initrd: string
  kernel: string
  foundAt: number // on the clock of performance.now()
}

interface Options {
  signal: AbortSignal
  emit: Emit
}

/** The kernel and the image of a plan, made where they are stale, or not there. QEMU is to open them soon, see stillThere(). */
export async function ensureBootedFiles(plan: RunPlan, options: Options): Promise<BootedFiles> {
  return await lookFor(plan, { ...options, force: startWay() === 'cold' })
}

/**
 * The same files, looked for anew where that was some time ago, because the VM had to wait for its turn or its cluster:
 * `rapido cache gc` leaves them there for ten seconds (image/cache.ts), whoever makes a newer image until there is one more.
 */
export async function stillThere(files: BootedFiles, plan: RunPlan, options: Options): Promise<BootedFiles> {
  if (performance.now() - files.foundAt < soonMs) return files
  return await lookFor(plan, { ...options, force: false })
}

const soonMs = 3000

async function lookFor(plan: RunPlan, { signal, emit, force }: Options & { force: boolean }): Promise<BootedFiles> {
  const cacheDir = plan.settings.paths.cache
  const [image, kernel] = await Promise.all([
    ensureImage(plan.image, { cacheDir, force, signal, emit }),
    ensureKernel(plan, { signal, emit }),
  ])
  return { initrd: image.path, kernel, foundAt: performance.now() }
}

async function ensureKernel(plan: RunPlan, { signal, emit }: Options): Promise<string> {
  if (plan.entry.kind === 'bzimage') return plan.kernel.image
  if (plan.entry.kind === 'elf') return plan.entry.path
  const unpacked = await unpackKernel(plan.kernel.image, { cacheDir: plan.settings.paths.cache, signal })
  if ('path' in unpacked) return unpacked.path
  emit({ type: 'note', text: unpacked.note })
  return plan.kernel.image
}
