import { readFileSync, utimesSync } from 'node:fs'
import { writeAtomic } from '../host/write.js'
import { cacheFiles, cacheUnusable, requireOwn } from './cache-files.js'
import type { Input } from './inputs.js'

/** What the cache knows of one plan's image: `manifests/<plan key>.json`. Its time is that of the last use. */
export interface Manifest {
  format: 1
  key: string // of the plan
  profile: string
  release: string
  image: ImageRecord
  previous: string | undefined // name of the image before: gone at the next build, for a run may just be opening it
  inputs: Input[]
}

export interface ImageRecord {
  name: string // in images/, so that a cache may be moved
  bytes: number
  sha256: string
  stamp: string
}

/** Reads a manifest; undefined where there is none, or none that this version understands. */
export function readManifest(path: string): Manifest | undefined {
  requireOwn(path)
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Partial<Manifest>
    return read.format === 1 && Array.isArray(read.inputs) && read.image !== undefined ? (read as Manifest) : undefined
  } catch {
    return undefined // absent, or cut short: the image is made again
  }
}

export async function writeManifest(cacheDir: string, manifest: Manifest): Promise<void> {
  const path = cacheFiles(cacheDir).manifest(manifest.key)
  try {
    await writeAtomic(path, JSON.stringify(manifest))
  } catch (error) {
    throw cacheUnusable(error, path)
  }
}

/** Notes that an image is used now. */
export function touchManifest(path: string): void {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // a cache that is read-only, or just collected: the image serves all the same
  }
}
