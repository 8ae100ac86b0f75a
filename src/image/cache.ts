import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { holdFolder } from '../host/hold.js'
import { cacheFiles, namesIn } from './cache-files.js'
import { lookAt } from './inputs.js'
import { type Manifest, readManifest } from './manifest.js'

/** An image or a layer in the cache. */
export interface CachedImage {
  kind: 'image' | 'layer'
  profile: string // the last one that asked for it
  release: string // of its kernel
  key: string // of its plan
  path: string
  bytes: number
  madeAt: Date
  lastUsed: Date
}

/** Lists the images and layers in the cache, the last used first. */
export function cacheList(cacheDir: string): CachedImage[] {
  return shelves(cacheDir)
    .flatMap(listed)
    .sort((one, other) => other.lastUsed.getTime() - one.lastUsed.getTime())
}

/**
 * Removes images that nobody used for `keepDays` (30), or all, layers of which no image is left, and what crashes of
 * this host left; returns what was removed. Kept are those being made and those used in the last seconds, which a run
 * may be about to open; a VM that runs keeps what it opened.
 */
export async function cacheGc(
  cacheDir: string,
  options: { keepDays?: number; all?: boolean } = {},
): Promise<CachedImage[]> {
  const unusedMs = unusedMsOf(options)
  const removed: CachedImage[] = []
  for (const shelf of shelves(cacheDir)) {
    // images first
    const needed = new Set(
      shelf.kind === 'layer' ? manifestsOf(imageShelf(cacheDir)).flatMap(({ layers }) => layers) : [],
    )
    for (const item of listed(shelf)) {
      if (!needed.has(item.key) && (await removeUnused(cacheDir, shelf, item.key, unusedMs))) removed.push(item)
    }
  }
  await removeLeftovers(cacheDir, unusedMs)
  return removed
}

/** How long something is unused before it goes, in ms. */
export function unusedMsOf(options: { keepDays?: number; all?: boolean }): number {
  return options.all ? opening : (options.keepDays ?? 30) * 24 * 3600 * 1000
}

/** Where files of one kind and their manifests are. */
interface Shelf {
  kind: CachedImage['kind']
  folder: string
  manifests: string // folder
  manifest(key: string): string // path
}

function imageShelf(cacheDir: string): Shelf {
  const { images, manifests, manifest } = cacheFiles(cacheDir)
  return { kind: 'image', folder: images, manifests, manifest }
}

function shelves(cacheDir: string): Shelf[] {
  const { layers, layerManifest } = cacheFiles(cacheDir)
  return [imageShelf(cacheDir), { kind: 'layer', folder: layers, manifests: layers, manifest: layerManifest }]
}

function keysOf({ manifests }: Shelf): string[] {
  return namesIn(manifests)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.replace(/\.json$/, ''))
}

function manifestsOf(shelf: Shelf): Manifest[] {
  return keysOf(shelf).flatMap((key) => readManifest(shelf.manifest(key)) ?? [])
}

function listed(shelf: Shelf): CachedImage[] {
  return keysOf(shelf).flatMap((key) => lookAtCached(shelf, key) ?? [])
}

const opening = 10_000 // ms from a look into the cache until QEMU has opened the image, generously

/** Whether it was removed. */
async function removeUnused(cacheDir: string, shelf: Shelf, key: string, unusedMs: number): Promise<boolean> {
  const isUsed = () => Date.now() - (lookAtCached(shelf, key)?.lastUsed.getTime() ?? 0) < unusedMs
  if (isUsed()) return false
  const held = await holdFolder(cacheFiles(cacheDir).build(key), { wait: false })
  if (held === undefined) return false
  try {
    const manifest = readManifest(shelf.manifest(key))
    if (isUsed() || manifest === undefined) return false
    const { image, previous } = manifest
    for (const name of [image.name, previous]) if (name !== undefined) remove(join(shelf.folder, name))
    remove(shelf.manifest(key))
    return true
  } finally {
    await held.release()
  }
}

/** Files without a manifest, temporaries and build folders that a power cut left. */
async function removeLeftovers(cacheDir: string, unusedMs: number): Promise<void> {
  const files = cacheFiles(cacheDir)
  for (const shelf of shelves(cacheDir)) {
    const known = new Set(manifestsOf(shelf).flatMap(({ image, previous }) => [image.name, previous]))
    for (const folder of new Set([shelf.folder, shelf.manifests])) {
      const unknown = namesIn(folder).filter((name) => !known.has(name) && !name.endsWith('.json'))
      for (const path of unknown.map((name) => join(folder, name))) if (isOld(path)) remove(path)
    }
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

function lookAtCached(shelf: Shelf, key: string): CachedImage | undefined {
  const used = lookAt(shelf.manifest(key))
  const manifest = used && readManifest(shelf.manifest(key))
  const path = manifest && join(shelf.folder, manifest.image.name)
  const made = path === undefined ? undefined : lookAt(path)
  if (used === undefined || manifest === undefined || path === undefined) return undefined
  return {
    kind: shelf.kind,
    profile: manifest.profile,
    release: manifest.release,
    key,
    path,
    bytes: Number(made?.size ?? 0n),
    madeAt: new Date(Number(made?.mtimeMs ?? used.mtimeMs)),
    lastUsed: new Date(Number(used.mtimeMs)),
  }
}
