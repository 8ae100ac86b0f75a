import { createHash } from 'node:crypto'
import { closeSync, constants, copyFileSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HeldFolder } from '../host/hold.js'
import type { ImagePlan } from '../plan/image.js'
import { neverRests } from './build-failed.js'
import { readCpio } from './cpio.js'
import { cpioEnd } from './cpio-write.js'
import { copyFrom, withFile, writeAll } from './file-bytes.js'
import { guestLayer } from './guest-layer.js'
import { inputRecord } from './input-record.js'
import type { Input } from './inputs.js'
import type { Made } from './kept.js'
import type { Manifest } from './manifest.js'

/** A layer in the cache. */
export interface Layer {
  path: string
  manifest: Manifest
}

/**
 * Joins layers, the first of them the userspace, and the small one of rapido's own behind them, to one archive: the
 * kernel and `cpio -it` see no seam. The first shares its blocks where the file system can. Mode 0600.
 */
export async function joinLayers(plan: ImagePlan, layers: Layer[], held: HeldFolder): Promise<Made> {
  const [userspace, ...others] = layers
  if (userspace === undefined) throw new Error('an image without a userspace')
  const guest = ownBytes(plan, userspace.path)
  const path = join(held.path, 'finished.img')
  rmSync(path, { force: true })
  copyFileSync(userspace.path, path, constants.COPYFILE_FICLONE)
  const out = openSync(path, 'a', 0o600)
  try {
    for (const layer of others) copyFrom(layer.path, out)
    writeAll(out, guest.bytes)
  } finally {
    closeSync(out)
  }
  const own = { bytes: guest.bytes.length, sha256: createHash('sha256').update(guest.bytes).digest('hex') }
  return {
    path,
    parts: [...layers.flatMap(({ manifest }) => manifest.image.parts), own],
    inputs: once([...layers.flatMap(({ manifest }) => manifest.inputs), ...guest.inputs]),
    layers: layers.map(({ manifest }) => manifest.key),
  }
}

/** The bytes of our own layer and the end of the archive; made each time, for that is quicker than to look it up. */
function ownBytes(plan: ImagePlan, userspace: string): { bytes: Buffer; inputs: Input[] } {
  const entries = withFile(userspace, (fd) => readCpio(fd, { layer: true }))
  for (let attempt = 1; ; attempt++) {
    const record = inputRecord(Date.now(), new Map())
    const layer = guestLayer(plan.guest, entries, record)
    if (record.raced().length === 0) {
      return { bytes: Buffer.concat([layer, ...cpioEnd()]), inputs: record.inputs() }
    }
    if (attempt === attempts) throw neverRests(record.raced())
  }
}

const attempts = 3

function once(inputs: Input[]): Input[] {
  const byPath = new Map(inputs.map((input) => [input.path, input]))
  return [...byPath.values()].sort((one, other) => (one.path < other.path ? -1 : 1))
}
