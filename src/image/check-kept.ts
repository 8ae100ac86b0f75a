import { RapidoError } from '../errors.js'
import { sha256Parts } from './file-bytes.js'
import { compareInputs, lookAt, stampOf } from './inputs.js'
import type { Kept } from './kept.js'
import { type ImageRecord, type Manifest, readManifest, touchManifest, writeManifest } from './manifest.js'

/**
 * Looks for an image or a layer in the cache, and at everything it was made of. Throws RapidoError('host') where the
 * cached file is not the one that was made.
 */
export async function checkKept(kept: Kept): Promise<{ path: string; manifest: Manifest } | { stale: string }> {
  const manifest = readManifest(kept.manifest)
  if (manifest === undefined) return { stale: 'new' }
  const compared = compareInputs(manifest.inputs)
  if ('changed' in compared) return { stale: `changed: ${compared.changed}` }
  const path = kept.file(manifest.image.name)
  const image = checkImage(path, manifest.image, kept)
  if (image === undefined) return { stale: 'new' }
  if (compared.restamped || image.stamp !== manifest.image.stamp) {
    // In a cache that cannot be written to the image serves all the same.
    await writeManifest(kept.manifest, { ...manifest, image, inputs: compared.inputs }).catch(() => {})
  } else {
    touchManifest(kept.manifest)
  }
  return { path, manifest: { ...manifest, inputs: compared.inputs } }
}

/** The record of an image, brought up to date; undefined where the image is gone. */
function checkImage(path: string, record: ImageRecord, kept: Kept): ImageRecord | undefined {
  const stat = lookAt(path)
  if (stat === undefined) return undefined
  if (!stat.isFile()) throw notOurs(path, kept, 'it is not a regular file')
  if (Number(stat.uid) !== process.geteuid?.())
    throw notOurs(path, kept, `it belongs to another user (uid ${stat.uid})`)
  const stamp = stampOf(stat)
  if (stamp === record.stamp) return record
  const bytes = record.parts.reduce((sum, part) => sum + part.bytes, 0)
  if (Number(stat.size) !== bytes) throw notOurs(path, kept, `it has ${stat.size} bytes instead of ${bytes}`)
  const found = sha256Parts(path, record.parts)
  if (record.parts.some(({ sha256 }, index) => sha256 !== found[index])) {
    throw notOurs(path, kept, 'its content is another')
  }
  return { ...record, stamp }
}

function notOurs(path: string, { profile, what }: Kept, why: string): RapidoError {
  return new RapidoError('host', `the cached ${what} ${path} is not the one that was made: ${why}`, {
    hint: `make it again with \`rapido cut ${profile} --force\``,
  })
}
