import { join } from 'node:path'
import { moduleName } from '../plan/kernel-contents.js'
import type { UserspacePlan } from '../plan/layers.js'
import type { CpioEntry } from './cpio.js'
import type { NewEntry } from './cpio-write.js'
import { dracutInputs } from './dracut-inputs.js'
import type { Piece } from './file-bytes.js'
import { type ImageTree, imageTree } from './image-tree.js'
import { expandIncludes } from './includes.js'
import { type InputRecord, inputRecord } from './input-record.js'
import type { Input } from './inputs.js'

/** What an image that dracut just made turns out to hold. */
export interface Examined {
  inputs: Input[] // everything of this host that it was made of
  raced: string[] // files that changed while dracut read them: what the image holds of them is not known
  lacking: string[] // what should be in it and is not
  overlay: NewEntry[] // what has to come behind it, because dracut left something else at that place
  withheld: CpioEntry[] // this host's own configuration, which has no place in it
}

/**
 * Maps every file that dracut installed back to this host's file and compares the two. `fd` is the open image; `startedAtMs` is
 * when dracut was started; `before` has the stamps that the attempt before found, if there was one.
 */
export function examineUserspace(
  plan: UserspacePlan,
  image: { fd: number; entries: CpioEntry[]; startedAtMs: number; before: ReadonlyMap<string, string> },
): Examined {
  const tree = imageTree(image.entries)
  const record = inputRecord(image.startedAtMs, image.before)
  const { overlay, places } = placeIncludes(plan, tree, image.fd, record)
  const withheld: CpioEntry[] = []
  const wanted = new Set(plan.programs.flatMap(({ place }) => [place, tree.resolve(place)]))

  for (const entry of tree.entries.values()) {
    if (places.has(entry.path)) continue
    const source = hostPath(entry.path, plan)
    if (entry.kind === 'link') record.take(source)
    if (entry.kind !== 'file') continue
    const piece = pieceOf(entry, image.fd)
    if (wanted.has(entry.path) || !isHostConfiguration(entry.path)) record.takeFile(source, piece)
    else if (record.takeUnlessSame(source, piece)) withheld.push(entry)
  }
  for (const path of dracutInputs(plan, tree, image.fd)) record.takeFile(path)
  return { inputs: record.inputs(), raced: record.raced(), lacking: lackingIn(tree, plan), overlay, withheld }
}

/** An include wins: dracut itself lets stand what one of its modules put at the same place, such as /init. */
function placeIncludes(plan: UserspacePlan, tree: ImageTree, fd: number, record: InputRecord) {
  const overlay: NewEntry[] = []
  const places = new Set<string>()
  for (const included of expandIncludes(plan.includes)) {
    const { kind, from } = included
    const path = tree.place(included.to)
    const entry = tree.entries.get(path)
    places.add(path)
    if (kind === 'file') {
      const same = record.takeFile(from, entry?.kind === 'file' ? pieceOf(entry, fd) : undefined)
      const { mode } = included
      if (!same || entry?.mode !== mode) overlay.push({ kind, path, mode, data: record.read(from) })
    } else {
      record.take(from)
      if (kind === 'link' && entry?.target !== included.target) overlay.push({ kind, path, target: included.target })
      if (kind === 'folder' && entry === undefined) overlay.push({ kind, path, mode: included.mode })
    }
  }
  return { overlay, places }
}

function pieceOf(entry: CpioEntry, fd: number): Piece {
  return { fd, offset: entry.data, size: entry.size }
}

/** Everything keeps its path in the image but the kernel's modules. */
function hostPath(path: string, { dracut: { kernel } }: UserspacePlan): string {
  return kernel?.modulesDir === undefined ? path : modulePath(path, kernel.release, kernel.modulesDir)
}

/** Where a file of the image is in this host, if it is one of the kernel's modules; else the path as it is. */
export function modulePath(path: string, release: string, modulesDir: string): string {
  const folder = [`/usr/lib/modules/${release}/`, `/lib/modules/${release}/`].find((folder) => path.startsWith(folder))
  return folder === undefined ? path : join(modulesDir, path.slice(folder.length))
}

/** What dracut's modules copy out of /etc, such as multipath.conf, is the host's; the linker's paths are needed. */
function isHostConfiguration(path: string): boolean {
  return path.startsWith('/etc/') && !path.startsWith('/etc/ld.so.')
}

/** dracut ends with 0 although it could not install something: what was asked for is looked up in what it made. */
function lackingIn(tree: ImageTree, plan: UserspacePlan): string[] {
  return [
    ...plan.programs.filter(({ place }) => tree.resolve(place) === undefined).map(({ path }) => `program ${path}`),
    ...lackingDrivers([...tree.entries.keys()], plan.drivers),
  ]
}

/** Those of which there is no module among the paths. */
export function lackingDrivers(paths: string[], drivers: string[]): string[] {
  const modules = new Set(
    paths.filter((path) => path.includes('/lib/modules/') && /\.ko(\.\w+)?$/.test(path)).map(moduleName),
  )
  return drivers.filter((name) => !modules.has(name)).map((name) => `driver ${name}`)
}
