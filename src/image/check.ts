import { RapidoError } from '../errors.js'
import type { ImagePlan } from '../plan/image.js'
import { cacheFiles } from './cache-files.js'
import { sha256File } from './file-bytes.js'
import { compareInputs, lookAt, stampOf } from './inputs.js'
import { type ImageRecord, readManifest, touchManifest, writeManifest } from './manifest.js'

/**
 * Looks for the image of a plan in the cache, and at everything it was made of. Throws RapidoError('host') where the
 * cached file is not the one that was made.
 */
export async function checkCached(plan: ImagePlan, cacheDir: string): Promise<{ path: string } | { stale: string }> {
  const files = cacheFiles(cacheDir)
  const manifest = readManifest(files.manifest(plan.key))
  if (manifest === undefined) return { stale: 'new' }
  const compared = compareInputs(manifest.inputs)
  if ('changed' in compared) return { stale: `changed: ${compared.changed}` }
  const path = files.image(manifest.image.name)
  const image = checkImage(path, manifest.image, plan)
  if (image === undefined) return { stale: 'new' }
  if (compared.restamped || image.stamp !== manifest.image.stamp) {
    // In a cache that cannot be written to the image serves all the same.
    await writeManifest(cacheDir, { ...manifest, image, inputs: compared.inputs }).catch(() => {})
  } else {
    touchManifest(files.manifest(plan.key))
  }
  return { path }
}

/** The record of an image, brought up to date; undefined where the image is gone. */
function checkImage(path: string, record: ImageRecord, plan: ImagePlan): ImageRecord | undefined {
  const stat = lookAt(path)
  if (stat === undefined) return undefined
  if (!stat.isFile()) throw notOurs(path, plan, 'it is not a regular file')
  if (Number(stat.uid) !== process.geteuid?.())
    throw notOurs(path, plan, `it belongs to another user (uid ${stat.uid})`)
  const stamp = stampOf(stat)
  if (stamp === record.stamp) return record
  if (Number(stat.size) !== record.bytes) {
    throw notOurs(path, plan, `it has ${stat.size} bytes instead of ${record.bytes}`)
  }
  if (sha256File(path) !== record.sha256) throw notOurs(path, plan, 'its content is another')
  return { ...record, stamp }
}

function notOurs(path: string, plan: ImagePlan, why: string): RapidoError {
  return new RapidoError('host', `the cached image ${path} is not the one that was made: ${why}`, {
    hint: `make it again with \`rapido cut ${plan.profile} --force\``,
  })
}
