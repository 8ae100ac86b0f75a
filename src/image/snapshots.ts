import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { holdFolder } from '../host/hold.js'
import { writeAtomic } from '../host/write.js'
import { cacheFiles, cacheUnusable, makeCacheFolders, namesIn, requireOwn, snapshotFiles } from './cache-files.js'

/** A guest that has booted and knows nothing of any run. */
export interface Snapshot extends SavedGuest {
  memory: string // path
}

/** What there is of it beside its memory. */
export interface SavedGuest {
  state: Buffer // of its CPUs and devices
  console: Buffer // what it had put there
  bootScript?: BootScriptOutput | undefined // where its boot.sh has run
}

export interface BootScriptOutput {
  stdout: string
  stderr: string
}

/** A snapshot in the cache, as `rapido cache` shows it. */
export interface CachedSnapshot {
  key: string
  profile: string // that asked for it first
  release: string // of its kernel
  path: string // its folder
  bytes: number // on the disk
  madeAt: Date
  lastUsed: Date
}

interface Manifest {
  format: 1
  key: string
  profile: string
  release: string
  hostBoot: string
  memory: { bytes: number; blocks: number } // blocks of 512 bytes that are no holes
  state: { bytes: number; sha256: string }
  console: { bytes: number }
  bootScript?: BootScriptOutput | undefined
}

/**
 * Finds a snapshot, which then counts as used now. One of which something is missing or cut short is removed: undefined.
 */
export function findSnapshot(cacheDir: string, key: string): Snapshot | undefined {
  const files = cacheFiles(cacheDir).snapshot(key)
  const manifest = readManifest(files.manifest)
  if (manifest === undefined) return undefined
  requireOwn(files.folder)
  try {
    const [state, console] = [readFileSync(files.state), readFileSync(files.console)]
    const memory = statSync(files.memory)
    const isWhole =
      manifest.key === key &&
      memory.size === manifest.memory.bytes &&
      memory.blocks >= manifest.memory.blocks &&
      sha256(state) === manifest.state.sha256 &&
      console.length === manifest.console.bytes
    if (isWhole) {
      const now = new Date()
      utimesSync(files.manifest, now, now)
      return { memory: files.memory, state, console, bootScript: manifest.bootScript }
    }
  } catch {
    // A file of it is gone.
  }
  removeSnapshot(cacheDir, key)
  return undefined
}

export interface MakeOptions {
  cacheDir: string
  maxBytes: number // of all snapshots
  hostBoot: string
  profile: string
  release: string
  signal: AbortSignal
}

/**
 * Makes a snapshot with `make`, which leaves the memory of its guest in the file it is given; once even where many ask
 * for it at the same time. What it returns is there until the cache is over its limit, or the host boots again.
 */
export async function keepSnapshot(
  key: string,
  make: (memory: string) => Promise<SavedGuest>,
  options: MakeOptions,
): Promise<Snapshot> {
  const { cacheDir, signal } = options
  try {
    makeCacheFolders(cacheDir)
    mkdirSync(cacheFiles(cacheDir).snapshots, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw cacheUnusable(error, cacheDir)
  }
  const held = await holdFolder(cacheFiles(cacheDir).build(`snapshot-${key}`), { wait: true, signal })
  if (held === undefined) throw new Error('a folder that was waited for is held')
  try {
    const other = findSnapshot(cacheDir, key)
    if (other !== undefined) return other // another run was first
    const made = snapshotFiles(join(held.path, 'snapshot'))
    mkdirSync(made.folder, { mode: 0o700 })
    writeFileSync(made.memory, '', { mode: 0o600 }) // QEMU would let others read it
    const { state, console, bootScript } = await make(made.memory)
    await writeAtomic(made.state, state)
    await writeAtomic(made.console, console)
    const { size, blocks } = statSync(made.memory)
    const manifest: Manifest = {
      format: 1,
      key,
      profile: options.profile,
      release: options.release,
      hostBoot: options.hostBoot,
      memory: { bytes: size, blocks },
      state: { bytes: state.length, sha256: sha256(state) },
      console: { bytes: console.length },
      bootScript,
    }
    await writeAtomic(made.manifest, JSON.stringify(manifest))
    makeRoom(cacheDir, { hostBoot: options.hostBoot, maxBytes: options.maxBytes - blocks * 512 })
    removeSnapshot(cacheDir, key)
    const { folder, memory } = cacheFiles(cacheDir).snapshot(key)
    renameSync(made.folder, folder)
    return { memory, state, console, bootScript }
  } catch (error) {
    throw cacheUnusable(error, cacheDir)
  } finally {
    await held.release()
  }
}

/** A VM that runs keeps what it has of it. */
export function removeSnapshot(cacheDir: string, key: string): void {
  const { folder, manifest } = cacheFiles(cacheDir).snapshot(key)
  rmSync(manifest, { force: true }) // first: without it the rest counts for nothing
  rmSync(folder, { force: true, recursive: true })
}

/** Lists the snapshots in the cache, the last used first. */
export function snapshotList(cacheDir: string): CachedSnapshot[] {
  return namesIn(cacheFiles(cacheDir).snapshots)
    .flatMap((key) => lookAtSnapshot(cacheDir, key) ?? [])
    .sort((one, other) => other.lastUsed.getTime() - one.lastUsed.getTime())
}

/** Removes those that nobody used for so long, and what is none; returns those removed. */
export function snapshotGc(cacheDir: string, { unusedMs }: { unusedMs: number }): CachedSnapshot[] {
  const list = snapshotList(cacheDir)
  const unused = list.filter(({ lastUsed }) => Date.now() - lastUsed.getTime() >= unusedMs)
  const broken = namesIn(cacheFiles(cacheDir).snapshots).filter((name) => !list.some(({ key }) => key === name))
  for (const key of [...unused.map(({ key }) => key), ...broken]) removeSnapshot(cacheDir, key)
  return unused
}

/** Removes those of an earlier boot of the host, and the longest unused ones until the rest fits. */
function makeRoom(cacheDir: string, { hostBoot, maxBytes }: { hostBoot: string; maxBytes: number }): void {
  let left = maxBytes
  for (const { key, bytes } of snapshotList(cacheDir)) {
    const isCurrent = readManifest(cacheFiles(cacheDir).snapshot(key).manifest)?.hostBoot === hostBoot
    if (isCurrent && left >= bytes) left -= bytes
    else removeSnapshot(cacheDir, key)
  }
}

function lookAtSnapshot(cacheDir: string, key: string): CachedSnapshot | undefined {
  const files = cacheFiles(cacheDir).snapshot(key)
  const manifest = readManifest(files.manifest)
  if (manifest === undefined || !existsSync(files.memory)) return undefined
  const memory = statSync(files.memory)
  return {
    key,
    profile: manifest.profile,
    release: manifest.release,
    path: files.folder,
    bytes: memory.blocks * 512 + manifest.state.bytes,
    madeAt: memory.mtime,
    lastUsed: statSync(files.manifest).mtime,
  }
}

function readManifest(path: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
    return manifest.format === 1 ? manifest : undefined
  } catch {
    return undefined // it is not there, or not whole
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
