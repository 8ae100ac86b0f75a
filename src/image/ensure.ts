import type { ImagePlan } from '../plan/image.js'
import { buildModules } from './build-modules.js'
import { buildUserspace } from './build-userspace.js'
import type { ImageEvent } from './events.js'
import { joinLayers, type Layer } from './join.js'
import { ensureKept, type KeepOptions, keptAt } from './kept.js'
import { copyOutput } from './output.js'
import { joinTrees } from './trees.js'

/** An image that may be booted. */
export interface EnsuredImage {
  path: string
  built: boolean
  reason?: string // why it was made: "new", "changed: /usr/bin/foo"
  checkMs: number // what looking into the cache took
}

export interface EnsureOptions {
  cacheDir: string
  emit?: ((event: ImageEvent) => void) | undefined
  signal?: AbortSignal | undefined
  force?: boolean | undefined // make it whatever the cache holds
}

/**
 * Finds the image of a plan in the cache, or makes it there: no older than anything that goes into it, and once even
 * where many ask for it at the same time. Of its layers only those are made of which something changed. Throws
 * RapidoError('host') where it cannot be made, or where the cached file is not the one that was made.
 */
export async function ensureImage(plan: ImagePlan, options: EnsureOptions): Promise<EnsuredImage> {
  const { cacheDir, emit, signal, force } = options
  const { profile } = plan
  const withheld: string[] = []
  const onWait = () => emit?.({ type: 'image', phase: 'waiting', profile })
  let startedAtMs = 0
  const image = await ensureKept(
    keptAt(cacheDir, plan),
    async (held, reason) => {
      startedAtMs = performance.now()
      emit?.({ type: 'image', phase: 'building', profile, reason })
      const layers = await ensureLayers(plan, { cacheDir, signal, force, onWait }, withheld)
      return await joinLayers(plan, layers, held)
    },
    { cacheDir, signal, force, onWait },
  )
  const { path, reason, checkMs } = image
  if (reason !== undefined) {
    const bytes = image.manifest.image.parts.reduce((sum, part) => sum + part.bytes, 0)
    const durationMs = performance.now() - startedAtMs
    emit?.({ type: 'image', phase: 'built', profile, path, bytes, durationMs, withheld })
  }
  const joined = await joinTrees(path, plan, options)
  await copyOutput(joined, plan.output)
  const ensured = { path: joined, checkMs }
  return reason === undefined ? { ...ensured, built: false } : { ...ensured, built: true, reason }
}

/** Userspace and modules, beside each other; that one fails ends the other. What dracut wanted in is added to `withheld`. */
async function ensureLayers(plan: ImagePlan, options: KeepOptions, withheld: string[]): Promise<Layer[]> {
  const { profile, release, userspace, modules, guest } = plan
  const { cacheDir } = options
  const replaced = new Set(guest.includes.map(({ to }) => to))
  const failed = new AbortController()
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
  const both = { ...options, signal }
  const layers = [
    ensureKept(
      keptAt(cacheDir, { key: userspace.key, profile, release }, 'userspace'),
      async (held) => {
        const built = await buildUserspace(userspace, { profile, held, signal })
        withheld.push(...built.withheld.filter((path) => !replaced.has(path)))
        return built
      },
      both,
    ),
    ...(modules === undefined
      ? []
      : [
          ensureKept(
            keptAt(cacheDir, { key: modules.key, profile, release }, 'modules'),
            (held) => buildModules(modules, { profile, held, signal }),
            both,
          ),
        ]),
  ]
  for (const layer of layers) layer.catch((error) => failed.abort(error))
  const ends = await Promise.allSettled(layers)
  if (failed.signal.aborted) throw failed.signal.reason
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
}
