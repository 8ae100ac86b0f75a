import type { GuestLayerPlan } from '../plan/layers.js'
import type { CpioEntry } from './cpio.js'
import { layerBytes, type NewEntry } from './cpio-write.js'
import { withFolders } from './folders-above.js'
import { type ImageTree, imageTree } from './image-tree.js'
import { expandIncludes } from './includes.js'
import type { InputRecord } from './input-record.js'

/** Our own layer: scripts and other files that need nothing else, links and device nodes; its files replace those before. */
export function guestLayer(plan: GuestLayerPlan, userspace: CpioEntry[], record: InputRecord): Buffer {
  const tree = imageTree(userspace)
  const files = expandIncludes(plan.includes).flatMap((included): NewEntry[] => {
    const { kind, from } = included
    if (kind !== 'file') return [] // folders are dracut's
    return [{ kind, path: tree.place(included.to), mode: included.mode, data: record.read(from) }]
  })
  const links = plan.links.map(({ path, target }): NewEntry => ({ kind: 'link', path, target }))
  return layerBytes(withFolders([...nodes, ...links, ...lateModprobe(tree), ...files], tree))
}

/**
 * Takes modprobe from where the kernel looks for it, until the agent starts (src/guest/agent): what built-in code asks for
 * as it is initialised, algorithms mostly, takes a process each, a tenth of a second in all where there is no KVM.
 */
function lateModprobe(tree: ImageTree): NewEntry[] {
  const path = tree.place('/sbin/modprobe')
  const program = tree.resolve(path)
  if (program === undefined) return []
  const own: NewEntry = { kind: 'link', path: '/usr/lib/rapido/modprobe', target: program }
  return program === path ? [own] : [own, { kind: 'link', path, target: '/run/rapido.modprobe' }]
}

/** dracut makes device nodes for root only; the kernel opens /dev/console before init can mount anything. */
const nodes: NewEntry[] = [
  { kind: 'character device', path: '/dev/console', mode: 0o600, major: 5, minor: 1 },
  { kind: 'character device', path: '/dev/null', mode: 0o666, major: 1, minor: 3 },
]
