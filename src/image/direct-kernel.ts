import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, renameSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { holdFolder } from '../host/hold.js'
import { makeFolder } from '../host/make-folder.js'
import { runToFile } from '../host/run-to-file.js'
import { headerBytes, type Payload, payloadOf, unpackerOf } from './bzimage.js'
import { cacheFiles, cacheUnusable, makeCacheFolders, requireOwn } from './cache-files.js'

/** The ELF to boot, or why it has to be the image itself. */
export type DirectKernel = { path: string } | { note: string }

/**
 * The ELF that is packed in a bzImage, from the cache, or unpacked into it: half a second, once for each image (known
 * by its path, size and times). Its size stands in the bzImage, so that one cut short is never booted.
 */
export async function unpackKernel(
  image: string,
  options: { cacheDir: string; signal?: AbortSignal | undefined },
): Promise<DirectKernel> {
  const { cacheDir, signal } = options
  const packed = readPacked(image)
  if (packed === undefined) return { note: `${image} is no bzImage with an ELF in it: booting it through the firmware` }
  const { payload, unpacker, key } = packed
  const files = cacheFiles(cacheDir)
  const path = files.kernel(key)
  if (isWhole(path, payload)) return { path }

  makeCacheFolders(cacheDir)
  const held = await holdFolder(files.build(`kernel-${key}`), { wait: true, signal })
  if (held === undefined) throw new Error('a folder that was waited for is held')
  try {
    if (isWhole(path, payload)) return { path } // another run was first
    makeFolder(files.kernels)
    const output = join(held.path, 'vmlinux')
    const input = readBytes(image, payload.offset, payload.length - unpacker.behind)
    const said = await runToFile(unpacker.command, { input, output, signal })
    if (said === undefined)
      return { note: `no ${unpacker.command[0]} on PATH to unpack ${image} with: booting it through the firmware` }
    if (!isWhole(output, payload))
      return { note: `cannot unpack ${image} (${said || 'it is damaged'}): booting it through the firmware` }
    renameSync(output, path)
    return { path }
  } catch (error) {
    throw cacheUnusable(error, cacheDir)
  } finally {
    await held.release()
  }
}

function readPacked(image: string) {
  const { size, mtimeMs, ctimeMs, ino } = statSync(image)
  const payload = payloadOf(readBytes(image, 0, headerBytes), (offset, bytes) => readBytes(image, offset, bytes))
  const unpacker = payload && unpackerOf(readBytes(image, payload.offset, 8))
  if (payload === undefined || unpacker === undefined) return undefined
  const key = createHash('sha256')
    .update(JSON.stringify([image, size, mtimeMs, ctimeMs, ino]))
    .digest('hex')
  return { payload, unpacker, key }
}

/** Whether the ELF is there, ours and complete; then it counts as used now. */
function isWhole(path: string, payload: Payload): boolean {
  try {
    if (statSync(path).size !== payload.unpackedBytes) return false
    requireOwn(path)
    if (readBytes(path, 0, 4).toString('latin1') !== '\x7fELF') return false
    const now = new Date()
    utimesSync(path, now, now)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false // a cache that cannot be is told when it is to be made
    throw error
  }
}

function readBytes(path: string, offset: number, bytes: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, offset))
  } finally {
    closeSync(file)
  }
}
