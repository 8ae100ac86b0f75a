import { createHash } from 'node:crypto'
import { renameSync, rmSync } from 'node:fs'
import { RapidoError } from '../errors.js'
import { type HeldFolder, holdFolder } from '../host/hold.js'
import { cacheFiles, cacheUnusable, makeCacheFolders } from './cache-files.js'
import { checkKept } from './check-kept.js'
import { type Input, lookAt, stampOf } from './inputs.js'
import { type Manifest, type Part, readManifest, writeManifest } from './manifest.js'

/** Where an image or a layer is kept, and of what plan. */
export interface Kept {
  what: 'image' | 'layer'
  key: string
  profile: string
  release: string
  manifest: string // path
  file(name: string): string // path
  nameOf(hash: string): string
}

/** What was just made, still in the folder that was held for it. */
export interface Made {
  path: string
  parts: Part[]
  inputs: Input[] // everything of this host that it was made of
  layers?: string[]
}

export interface KeepOptions {
  cacheDir: string
  signal?: AbortSignal | undefined
  force?: boolean | undefined // make it whatever the cache holds
  onWait?: () => void // another rapido makes it
}

/** The place of an image, or of a layer of that kind. */
export function keptAt(
  cacheDir: string,
  plan: { key: string; profile: string; release: string },
  layer?: 'userspace' | 'modules',
): Kept {
  const { image, manifest, layer: layerFile, layerManifest } = cacheFiles(cacheDir)
  const { key, profile, release } = plan
  const place =
    layer === undefined
      ? { what: 'image' as const, manifest: manifest(key), file: image, nameOf: (hash: string) => `${hash}.img` }
      : {
          what: 'layer' as const,
          manifest: layerManifest(key),
          file: layerFile,
          nameOf: (hash: string) => `${layer}-${hash}.cpio`,
        }
  return { key, profile, release, ...place }
}

/**
 * Finds something in the cache, or makes it there with `make`: no older than anything that goes into it, and once even
 * where many ask for it at the same time. `make` is told why.
 */
export async function ensureKept(
  kept: Kept,
  make: (held: HeldFolder, reason: string) => Promise<Made>,
  options: KeepOptions,
): Promise<{ path: string; manifest: Manifest; reason?: string; checkMs: number }> {
  const started = performance.now()
  const before = manifestStamp(kept)
  const first = options.force ? { stale: 'forced' } : await checkKept(kept)
  const checkMs = performance.now() - started
  if ('path' in first) return { ...first, checkMs }
  makeCacheFolders(options.cacheDir)
  const held = await holdBuild(kept, options)
  try {
    options.signal?.throwIfAborted() // its keeper may have ended with that: what is put there now would stay
    // Another run may just have made it.
    if (!options.force && manifestStamp(kept) !== before) {
      const again = await checkKept(kept)
      if ('path' in again) return { ...again, checkMs }
    }
    return { ...(await keep(kept, await make(held, first.stale))), reason: first.stale, checkMs }
  } catch (error) {
    throw concerns(error, options.cacheDir) ? cacheUnusable(error, options.cacheDir) : error
  } finally {
    await held.release()
  }
}

function manifestStamp({ manifest }: Kept): string {
  return stampOf(lookAt(manifest))
}

/** Whether the system's error, if it is one, is about a file in the cache: a full disk names none at all. */
function concerns(error: unknown, cacheDir: string): boolean {
  const { path } = error as NodeJS.ErrnoException
  return path === undefined || path.startsWith(cacheDir)
}

async function holdBuild({ key }: Kept, { cacheDir, onWait, signal }: KeepOptions): Promise<HeldFolder> {
  const folder = cacheFiles(cacheDir).build(key)
  const free = await holdFolder(folder, { wait: false, signal })
  if (free !== undefined) return free
  onWait?.()
  const held = await holdFolder(folder, { wait: true, signal })
  if (held === undefined) throw new RapidoError('host', `cannot hold ${folder}`)
  return held
}

/** Moves what was made to its place, and only then tells of it. */
async function keep(kept: Kept, made: Made): Promise<{ path: string; manifest: Manifest }> {
  const name = kept.nameOf(contentHash(kept.key, made.inputs))
  const path = kept.file(name)
  const old = readManifest(kept.manifest)
  if (lookAt(path)?.isDirectory()) rmSync(path, { recursive: true })
  renameSync(made.path, path)
  const { key, profile, release } = kept
  const manifest: Manifest = {
    format: 2,
    key,
    profile,
    release,
    image: { name, parts: made.parts, stamp: stampOf(lookAt(path)) },
    previous: old === undefined || old.image.name === name ? undefined : old.image.name,
    layers: made.layers ?? [],
    inputs: made.inputs,
  }
  await writeManifest(kept.manifest, manifest)
  if (old?.previous !== undefined && old.previous !== name) rmSync(kept.file(old.previous), { force: true })
  return { path, manifest }
}

function contentHash(key: string, inputs: Input[]): string {
  const hash = createHash('sha256').update(key)
  for (const { path, content } of inputs) hash.update(`\0${path}\0${content}`)
  return hash.digest('hex')
}
