import { createHash } from 'node:crypto'
import { expandSettings } from '../config/expand.js'
import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { type DiskKeys, diskTables } from './disk-tables.js'
import { clientConfIn } from './state-files.js'

/** A disk that QEMU gives a VM, finished: every default applied, paths absolute. */
export interface DiskPlan {
  id: string
  medium: Medium
  format: 'raw' | 'qcow2'
  bus: Bus
  serial: string
  wwn: string | undefined // 16 hexadecimal digits; of a SCSI disk
  readonly: boolean
  cache: 'writeback' | 'writethrough' | 'none' | 'directsync' | 'unsafe'
  limits: { iops: number | undefined; bytes: number | undefined } // a second, of each path
  paths: PathPlan[]
  isExtra: boolean // only rapido.toml has it: the profile knows nothing of it
}

type Bus = 'virtio' | 'scsi' | 'nvme' | 'usb'

/** Where the content of a disk is. */
export type Medium =
  | { kind: 'scratch'; file: string; sizeMiB: number } // made for the run, sparse, and goes with it
  | { kind: 'file'; file: string } // somebody's own: a file or a block device
  | { kind: 'rbd'; pool: string; image: string; user: string; conf: string } // QEMU is the client of Ceph

/** One way to a disk: a drive of QEMU and a device of the guest, both of this name. */
export interface PathPlan {
  name: string // hda
  controller: string | undefined // id of the SCSI controller that it is on
}

/** What the number of a VM and its cluster decide. */
interface Surroundings {
  settings: Settings
  folder: string // of the VM
  cephUser: string // without "client."
}

/**
 * The disks that QEMU gives a VM, all but those on zram (zram-disks.ts). Scratch files, and the conf for RBD images, are
 * in `folder`. Throws RapidoError('usage') for what cannot be.
 */
export function planDisks(
  profile: Profile,
  settings: Settings,
  { folder = '', cephUser = 'admin' }: Partial<Omit<Surroundings, 'settings'>> = {},
): DiskPlan[] {
  const disks = diskTables(profile, settings).flatMap(({ id, keys, isExtra }) => {
    const { bus = 'virtio' } = keys
    return bus === 'zram' ? [] : { ...planDisk(id, { ...keys, bus }, { settings, folder, cephUser }), isExtra }
  })
  requireDistinct(disks)
  return disks
}

function planDisk(id: string, keys: DiskKeys & { bus: Bus }, surroundings: Surroundings): Omit<DiskPlan, 'isExtra'> {
  const { bus, paths = 1, format = 'raw', controllers = 'one' } = keys
  const refuse = (what: string, hint: string): never => {
    throw new RapidoError('usage', `disk "${id}": ${what}`, { hint })
  }
  const media = [keys.size && 'a size', keys.file && 'a file', keys.rbd && 'an RBD image'].filter((what) => what)
  if (media.length !== 1) {
    refuse(
      media.length === 0 ? 'it has neither a size nor a file nor an RBD image' : `it has both ${media.join(' and ')}`,
      `--set disk.${id}.size=1G makes a scratch disk, --set disk.${id}.file=PATH uses yours`,
    )
  }
  if (paths > 1 && bus !== 'scsi') refuse(`a ${bus} disk has one path, not ${paths}`, 'use bus = "scsi"')
  if (keys.wwn !== undefined && bus !== 'scsi') refuse(`a ${bus} disk has no wwn`, 'use bus = "scsi", or a serial')
  if (keys.controllers !== undefined && bus !== 'scsi') {
    refuse(`a ${bus} disk has no SCSI controller`, 'leave out controllers, or use bus = "scsi"')
  }
  if (paths > 1 && keys.rbd !== undefined) refuse('an RBD image has one path', 'use a file, or paths = 1')
  if (format === 'qcow2' && keys.file === undefined) {
    refuse(keys.rbd === undefined ? 'a scratch disk is raw' : 'an RBD image is raw', 'leave out format')
  }
  if (format === 'qcow2' && paths > 1) refuse('a qcow2 file has one path', 'use a raw file, or paths = 1')
  const serial = keys.serial ?? `rapido-${id}`
  return {
    id,
    medium: planMedium(id, keys, surroundings),
    format,
    bus,
    serial,
    wwn: bus === 'scsi' ? (keys.wwn?.replace(/^0x/, '').toLowerCase() ?? wwnOf(serial)) : undefined,
    readonly: keys.readonly ?? false,
    cache: keys.cache ?? 'writeback',
    limits: { iops: keys.iops, bytes: keys.bandwidth === undefined ? undefined : keys.bandwidth * 1024 * 1024 },
    paths: Array.from({ length: paths }, (_, index) => {
      const name = `${id}${'abcdefgh'[index]}`
      return { name, controller: bus === 'scsi' ? `${controllers === 'each' ? name : id}-hba` : undefined }
    }),
  }
}

function planMedium(id: string, { size, file, rbd }: DiskKeys, { settings, folder, cephUser }: Surroundings): Medium {
  if (size !== undefined) return { kind: 'scratch', file: `${folder}/${id}.disk`, sizeMiB: size }
  if (file !== undefined) return { kind: 'file', file: expandSettings(file, settings) }
  const [pool = '', image = ''] = expandSettings(rbd ?? '', settings).split('/')
  return { kind: 'rbd', pool, image, user: cephUser, conf: clientConfIn(folder) }
}

/** NAA 3, locally assigned: nobody else's. */
function wwnOf(serial: string): string {
  return `3${createHash('sha256').update(serial).digest('hex').slice(0, 15)}`
}

function requireDistinct(disks: DiskPlan[]): void {
  const owners = new Map<string, string>()
  for (const { id, paths } of disks) {
    for (const { name } of paths) {
      const other = owners.get(name)
      if (other !== undefined) {
        throw new RapidoError('usage', `the disks "${other}" and "${id}" both have a path ${name}`, {
          hint: 'call one of them otherwise',
        })
      }
      owners.set(name, id)
    }
  }
}

/** The kernel modules of a disk. */
export function diskDrivers({ bus }: Pick<DiskPlan, 'bus'>): string[] {
  switch (bus) {
    case 'virtio':
      return ['virtio_blk']
    case 'scsi':
      return ['virtio_scsi', 'sd_mod']
    case 'nvme':
      return ['nvme']
    case 'usb':
      return ['xhci_pci', 'usb_storage', 'sd_mod']
  }
}

/** The files among the media of disks, as host/disk-files.ts wants them. */
export function diskFiles(disks: readonly DiskPlan[]) {
  return disks.flatMap(({ id, medium, readonly }) => {
    if (medium.kind === 'rbd') return []
    return { id, file: medium.file, scratchMiB: medium.kind === 'scratch' ? medium.sizeMiB : undefined, readonly }
  })
}

/** The RBD images among them. */
export function rbdImages(disks: readonly DiskPlan[]): Extract<Medium, { kind: 'rbd' }>[] {
  return disks.flatMap(({ medium }) => (medium.kind === 'rbd' ? medium : []))
}

/** The disk that has a path of this name. */
export function diskOfPath(disks: readonly DiskPlan[], name: string): { disk: DiskPlan; path: PathPlan } | undefined {
  for (const disk of disks) {
    const path = disk.paths.find((each) => each.name === name)
    if (path) return { disk, path }
  }
  return undefined
}
