/** What goes into an archive of our own. Paths are absolute. */
export type NewEntry =
  | { kind: 'file'; path: string; mode: number; data: Buffer }
  | { kind: 'folder'; path: string; mode: number }
  | { kind: 'link'; path: string; target: string }
  | { kind: 'character device'; path: string; mode: number; major: number; minor: number }

/** A cpio archive of the "newc" kind, owned by root, the same for the same entries. */
export function writeCpio(entries: NewEntry[]): Buffer {
  return Buffer.concat([layerBytes(entries), ...cpioEnd()])
}

/** The same without its end: another layer follows. */
export function layerBytes(entries: NewEntry[]): Buffer {
  return Buffer.concat(entries.flatMap((entry, index) => cpioRecord(entry, index + 1)))
}

/** What ends an archive. */
export function cpioEnd(): Buffer[] {
  return cpioRecord({ kind: 'file', path: '/TRAILER!!!', mode: 0, data: Buffer.alloc(0) }, 0)
}

/** One entry of an archive; its inode is any number of its own from 1. */
export function cpioRecord(entry: NewEntry, inode: number): Buffer[] {
  const name = Buffer.from(`${entry.path.slice(1)}\0`)
  const data = entry.kind === 'file' ? entry.data : Buffer.from(entry.kind === 'link' ? entry.target : '')
  const [major, minor] = entry.kind === 'character device' ? [entry.major, entry.minor] : [0, 0]
  const mode = inode === 0 ? 0 : typeBits[entry.kind] | (entry.kind === 'link' ? 0o777 : entry.mode)
  // inode, mode, uid, gid, links, mtime, size, device (2), the node's device (2), name's length, checksum
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, name.length, 0]
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`)
  return [header, name, padding(header.length + name.length), data, padding(data.length)]
}

const typeBits = { file: 0o100000, folder: 0o040000, link: 0o120000, 'character device': 0o020000 }

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4)
}
