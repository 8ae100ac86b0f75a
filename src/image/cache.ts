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
  lastUsedAt: Date
}

/** Lists the images in the cache, the last used first. */
export function cacheList(cacheDir: string): CachedImage[] {
  const { manifests } = cacheFiles(cacheDir)
  return namesIn(manifests)
    .flatMap((name) => lookAtCached(cacheDir, name.replace(/\.json$/, '')) ?? [])
    .sort((one, other) => other.lastUsedAt.getTime() - one.lastUsedAt.getTime())
}

/**
 * Removes images that nobody used for `keepDays` (30), or all, and what crashes of this host left. Kept are those
 * being made and those used in the last seconds, which a run may be about to open; a VM that runs keeps what it opened.
 */
export async function cacheGc(
  cacheDir: string,
  options: { keepDays?: number; all?: boolean } = {},
): Promise<{ removed: CachedImage[]; kept: CachedImage[]; freedBytes: number }> {
  const unusedMs = options.all ? opening : (options.keepDays ?? 30) * 24 * 3600 * 1000
  const removed: CachedImage[] = []
  const kept: CachedImage[] = []
  let freedBytes = 0
  for (const image of cacheList(cacheDir)) {
    const freed = await removeUnused(cacheDir, image.key, unusedMs)
    if (freed === undefined) kept.push(image)
    else removed.push(image)
    freedBytes += freed ?? 0
  }
  freedBytes += await removeLeftovers(cacheDir)
  return { removed, kept, freedBytes }
}

const opening = 10_000 // ms from a look into the cache until QEMU has opened the image, generously

/** Bytes freed; undefined where the image stays. */
async function removeUnused(cacheDir: string, key: string, unusedMs: number): Promise<number | undefined> {
  const files = cacheFiles(cacheDir)
  const isUsed = () => Date.now() - (lookAtCached(cacheDir, key)?.lastUsedAt.getTime() ?? 0) < unusedMs
  if (isUsed()) return undefined
  const held = await holdFolder(files.build(key), { wait: false })
  if (held === undefined) return undefined
  try {
    const manifest = readManifest(files.manifest(key))
    if (isUsed() || manifest === undefined) return undefined
    remove(files.manifest(key))
    const { image, previous } = manifest
    return remove(files.image(image.name)) + (previous === undefined ? 0 : remove(files.image(previous)))
  } finally {
    await held.release()
  }
}

/** Images without a manifest, temporaries and build folders that a power cut left. Returns the bytes freed. */
async function removeLeftovers(cacheDir: string): Promise<number> {
  const files = cacheFiles(cacheDir)
  const manifests = namesIn(files.manifests).flatMap((name) => readManifest(join(files.manifests, name)) ?? [])
  const known = new Set(manifests.flatMap(({ image, previous }) => [image.name, previous]))
  const left = [
    ...namesIn(files.images)
      .filter((name) => !known.has(name))
      .map(files.image),
    ...namesIn(files.manifests)
      .filter((name) => !name.endsWith('.json'))
      .map((name) => join(files.manifests, name)),
  ]
  for (const name of namesIn(cacheDir).filter((name) => name.startsWith('build-'))) {
    await (await holdFolder(join(cacheDir, name), { wait: false }))?.release()
  }
  return left.filter(isOld).reduce((sum, path) => sum + remove(path), 0)
}

/** Not what a run may be about to move to its place or to tell of. */
function isOld(path: string): boolean {
  return Date.now() - Number(lookAt(path)?.ctimeMs ?? 0n) > 60_000
}

/** Returns its bytes. */
function remove(path: string): number {
  const bytes = Number(lookAt(path)?.size ?? 0n)
  rmSync(path, { force: true, recursive: true })
  return bytes
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
    lastUsedAt: new Date(Number(used.mtimeMs)),
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
