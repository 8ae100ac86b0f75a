import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { holdFolder } from '../host/hold.js'
import { cacheFiles } from './cache-files.js'
import { lookAt } from './inputs.js'
import { type Manifest, readManifest } from './manifest.js'

/** An image in the cache. */
export interface CachedImage {
  profile: string // the last one that asked for it
  release: string // of its kernel
  key: string // of its plan
  path: string
  bytes: number
  madeAt: Date
  lastUsed: Date
}

/** Lists the images in the cache, the last used first. */
export function cacheList(cacheDir: string): CachedImage[] {
  const { manifests } = cacheFiles(cacheDir)
  return namesIn(manifests)
    .flatMap((name) => lookAtCached(cacheDir, name.replace(/\.json$/, '')) ?? [])
    .sort((one, other) => other.lastUsed.getTime() - one.lastUsed.getTime())
}

/**
 * Removes images that nobody used for `keepDays` (30), or all, and what crashes of this host left; returns the images
 * removed. Kept are those being made and those used in the last seconds, which a run may be about to open; a VM that
 * runs keeps what it opened.
 */
export async function cacheGc(
  cacheDir: string,
  options: { keepDays?: number; all?: boolean } = {},
): Promise<CachedImage[]> {
  const unusedMs = options.all ? opening : (options.keepDays ?? 30) * 24 * 3600 * 1000
  const removed: CachedImage[] = []
  for (const image of cacheList(cacheDir)) if (await removeUnused(cacheDir, image.key, unusedMs)) removed.push(image)
  await removeLeftovers(cacheDir, unusedMs)
  return removed
}

const opening = 10_000 // ms from a look into the cache until QEMU has opened the image, generously

/** Whether it was removed. */
async function removeUnused(cacheDir: string, key: string, unusedMs: number): Promise<boolean> {
  const files = cacheFiles(cacheDir)
  const isUsed = () => Date.now() - (lookAtCached(cacheDir, key)?.lastUsed.getTime() ?? 0) < unusedMs
  if (isUsed()) return false
  const held = await holdFolder(files.build(key), { wait: false })
  if (held === undefined) return false
  try {
    const manifest = readManifest(files.manifest(key))
    if (isUsed() || manifest === undefined) return false
    const { image, previous } = manifest
    for (const name of [image.name, previous]) if (name !== undefined) remove(files.image(name))
    remove(files.manifest(key))
    return true
  } finally {
    await held.release()
  }
}

/** Images without a manifest, temporaries and build folders that a power cut left. */
async function removeLeftovers(cacheDir: string, unusedMs: number): Promise<void> {
  const files = cacheFiles(cacheDir)
  const manifests = namesIn(files.manifests).flatMap((name) => readManifest(join(files.manifests, name)) ?? [])
  const known = new Set(manifests.flatMap(({ image, previous }) => [image.name, previous]))
  const unknown = namesIn(files.images).filter((name) => !known.has(name))
  const temporary = namesIn(files.manifests).filter((name) => !name.endsWith('.json'))
  for (const path of [...unknown.map(files.image), ...temporary.map((name) => join(files.manifests, name))]) {
    if (isOld(path)) remove(path)
  }
  for (const folder of [files.kernels, files.joined]) {
    for (const path of namesIn(folder).map((name) => join(folder, name))) {
      if (Date.now() - Number(lookAt(path)?.mtimeMs ?? 0n) >= unusedMs) remove(path) // made again in half a second
    }
  }
  for (const name of namesIn(cacheDir).filter((name) => name.startsWith('build-'))) {
    await (await holdFolder(join(cacheDir, name), { wait: false }))?.release()
  }
}

/** Not what a run may be about to move to its place or to tell of. */
function isOld(path: string): boolean {
  return Date.now() - Number(lookAt(path)?.ctimeMs ?? 0n) > 60_000
}

function remove(path: string): void {
  rmSync(path, { force: true, recursive: true })
}

function lookAtCached(cacheDir: string, key: string): CachedImage | undefined {
  const files = cacheFiles(cacheDir)
  const used = lookAt(files.manifest(key))
  const manifest: Manifest | undefined = used && readManifest(files.manifest(key))
  const path = manifest && files.image(manifest.image.name)
  const made = path === undefined ? undefined : lookAt(path)
  if (used === undefined || manifest === undefined || path === undefined) return undefined
  return {
    profile: manifest.profile,
    release: manifest.release,
    key,
    path,
    bytes: Number(made?.size ?? 0n),
    madeAt: new Date(Number(made?.mtimeMs ?? used.mtimeMs)),
    lastUsed: new Date(Number(used.mtimeMs)),
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
