import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import { makeFolder } from '../host/make-folder.js'
import { lookAt } from './inputs.js'

/** The files of the image cache: docs/state-files.md shows the tree. */
export function cacheFiles(cacheDir: string) {
  return {
    images: join(cacheDir, 'images'),
    manifests: join(cacheDir, 'manifests'),
    kernels: join(cacheDir, 'kernels'),
    kernel: (key: string) => join(cacheDir, 'kernels', `${key}.elf`), // unpacked from a bzImage
    joined: join(cacheDir, 'joined'), // images with the trees of their profiles behind them
    snapshots: join(cacheDir, 'snapshots'),
    snapshot: (key: string) => snapshotFiles(join(cacheDir, 'snapshots', key)),
    layers: join(cacheDir, 'layers'), // archives that images are joined of, with their manifests beside them
    image: (name: string) => join(cacheDir, 'images', name),
    manifest: (planKey: string) => join(cacheDir, 'manifests', `${planKey}.json`),
    layer: (name: string) => join(cacheDir, 'layers', name),
    layerManifest: (layerKey: string) => join(cacheDir, 'layers', `${layerKey}.json`),
    build: (key: string) => join(cacheDir, `build-${key}`), // held while it is made
  }
}

/** The files of one snapshot of a booted guest. */
export function snapshotFiles(folder: string) {
  return {
    folder,
    manifest: join(folder, 'snapshot.json'),
    memory: join(folder, 'memory'), // of the guest, with holes where it has touched nothing
    state: join(folder, 'state'), // of its devices and CPUs, as QEMU migrates it
    console: join(folder, 'console'), // what was on the console until then
  }
}

/** Makes the cache's folders, 0700. Throws RapidoError('host') where that cannot be, or where they are another's. */
export function makeCacheFolders(cacheDir: string): void {
  const { images, manifests, layers } = cacheFiles(cacheDir)
  for (const folder of [cacheDir, images, manifests, layers]) {
    try {
      makeFolder(folder)
    } catch (cause) {
      throw cacheUnusable(cause, folder)
    }
    if (folder !== cacheDir) requireOwn(folder) // the cache may be a folder in /var/tmp, say
  }
}

/** What is in a folder of the cache; nothing where there is none yet. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** What another user put there is not to be booted. */
export function requireOwn(path: string): void {
  const owner = lookAt(path)?.uid
  if (owner === undefined || Number(owner) === process.geteuid?.()) return
  throw new RapidoError('host', `${path} belongs to another user (uid ${owner})`, {
    hint: 'remove it, or choose another place with paths.cache in rapido.toml',
  })
}

/** What the system said when it could not write, for people; other errors as they are. */
export function cacheUnusable(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const said = reasons[code]
  if (said === undefined) return error
  const room = code === 'ENOSPC' || code === 'EDQUOT' ? 'make room there (`rapido cache gc`)' : 'make it writable'
  return new RapidoError('host', `cannot write the image cache ${path}: ${said}`, {
    hint: `${room}, or choose another place with paths.cache in rapido.toml`,
    cause: error,
  })
}

const reasons: Record<string, string> = {
  ENOSPC: 'no space left on its disk',
  EDQUOT: 'your disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOENT: 'no such folder, and none can be made there',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'there is something else of that name',
}
