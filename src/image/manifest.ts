import { readFileSync, utimesSync } from 'node:fs'
import { writeAtomic } from '../host/write.js'
import { cacheUnusable, requireOwn } from './cache-files.js'
import type { Input } from './inputs.js'

/** What the cache knows of an image or a layer: `KEY.json`. Its time is that of the last use. */
export interface Manifest {
  format: 2
  key: string // of the plan
  profile: string
  release: string
  image: ImageRecord
  previous: string | undefined // name of the file before: gone at the next build, for a run may just be opening it
  layers: string[] // keys of what it was joined of
  inputs: Input[]
}

export interface ImageRecord {
  name: string // of the file, so that a cache may be moved
  parts: Part[] // behind each other
  stamp: string
}

/** Bytes of a file that were made together. */
export interface Part {
  bytes: number
  sha256: string
}

/** Reads a manifest; undefined where there is none, or none that this version understands. */
export function readManifest(path: string): Manifest | undefined {
  requireOwn(path)
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Partial<Manifest>
    return read.format === 2 && Array.isArray(read.inputs) && read.image !== undefined ? (read as Manifest) : undefined
  } catch {
    return undefined // absent, or cut short: the image is made again
  }
}

export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
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
