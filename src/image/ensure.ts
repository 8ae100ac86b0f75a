import { createHash } from 'node:crypto'
import { renameSync, rmSync } from 'node:fs'
import { RapidoError } from '../errors.js'
import { type HeldFolder, holdFolder } from '../host/hold.js'
import type { ImagePlan } from '../plan/image.js'
import { buildImage } from './build.js'
import { cacheFiles, cacheUnusable, makeCacheFolders } from './cache-files.js'
import { checkCached } from './check.js'
import type { ImageEvent } from './events.js'
import { type Input, lookAt, stampOf } from './inputs.js'
import { type Manifest, readManifest, writeManifest } from './manifest.js'
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
 * where many ask for it at the same time. Throws RapidoError('host') where it cannot be made, or where the cached
 * file is not the one that was made.
 */
export async function ensureImage(plan: ImagePlan, options: EnsureOptions): Promise<EnsuredImage> {
  const started = performance.now()
  const first = options.force ? { stale: 'forced' } : await checkCached(plan, options.cacheDir)
  const checkMs = performance.now() - started
  const image = 'path' in first ? { path: first.path, built: false } : await makeImage(plan, first.stale, options)
  const path = await joinTrees(image.path, plan, options)
  await copyOutput(path, plan.output)
  return { ...image, path, checkMs }
}

async function makeImage(
  plan: ImagePlan,
  reason: string,
  options: EnsureOptions,
): Promise<Omit<EnsuredImage, 'checkMs'>> {
  const { cacheDir, emit, signal } = options
  makeCacheFolders(cacheDir)
  const held = await holdBuild(plan, options)
  try {
    if (!options.force) {
      // Another run may just have made it.
      const again = await checkCached(plan, cacheDir)
      if ('path' in again) return { path: again.path, built: false }
    }
    const started = performance.now()
    emit?.({ type: 'image', phase: 'building', profile: plan.profile, reason })
    const built = await buildImage(plan, { held, signal })
    const path = await keepImage(plan, built, cacheDir)
    const durationMs = performance.now() - started
    emit?.({
      type: 'image',
      phase: 'built',
      profile: plan.profile,
      path,
      bytes: built.bytes,
      durationMs,
      withheld: built.withheld,
    })
    return { path, built: true, reason }
  } catch (error) {
    throw concerns(error, cacheDir) ? cacheUnusable(error, cacheDir) : error
  } finally {
    await held.release()
  }
}

/** Whether the system's error, if it is one, is about a file in the cache: a full disk names none at all. */
function concerns(error: unknown, cacheDir: string): boolean {
  const { path } = error as NodeJS.ErrnoException
  return path === undefined || path.startsWith(cacheDir)
}

async function holdBuild(plan: ImagePlan, { cacheDir, emit, signal }: EnsureOptions): Promise<HeldFolder> {
  const folder = cacheFiles(cacheDir).build(plan.key)
  const free = await holdFolder(folder, { wait: false, signal })
  if (free !== undefined) return free
  emit?.({ type: 'image', phase: 'waiting', profile: plan.profile })
  const held = await holdFolder(folder, { wait: true, signal })
  if (held === undefined) throw new RapidoError('host', `cannot hold ${folder}`)
  return held
}

/** Moves the image to its place, and only then tells of it. */
async function keepImage(
  plan: ImagePlan,
  built: { path: string; bytes: number; sha256: string; inputs: Input[] },
  cacheDir: string,
): Promise<string> {
  const files = cacheFiles(cacheDir)
  const name = imageName(plan, built.inputs)
  const path = files.image(name)
  const old = readManifest(files.manifest(plan.key))
  if (lookAt(path)?.isDirectory()) rmSync(path, { recursive: true })
  renameSync(built.path, path)
  const manifest: Manifest = {
    format: 1,
    key: plan.key,
    profile: plan.profile,
    release: plan.dracut.kernel.release,
    image: { name, bytes: built.bytes, sha256: built.sha256, stamp: stampOf(lookAt(path)) },
    previous: old === undefined || old.image.name === name ? undefined : old.image.name,
    inputs: built.inputs,
  }
  await writeManifest(cacheDir, manifest)
  if (old?.previous !== undefined && old.previous !== name) rmSync(files.image(old.previous), { force: true })
  return path
}

function imageName(plan: ImagePlan, inputs: Input[]): string {
  const hash = createHash('sha256').update(plan.key)
  for (const { path, content } of inputs) hash.update(`\0${path}\0${content}`)
  return `${hash.digest('hex')}.img`
}
