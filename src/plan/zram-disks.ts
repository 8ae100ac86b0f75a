import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { type DiskKeys, diskTables } from './disk-tables.js'

/** A disk in the memory of the guest, which makes it: QEMU knows nothing of it, and no file has it. */
export interface ZramDisk {
  id: string
  serial: string // /run/rapido/zram/SERIAL is a link to it
  sizeMiB: number
  sizeKey: string // the setting that makes it smaller
}

/** The disks of a VM that are on zram. Throws RapidoError('usage') for what such a one cannot have. */
export function planZramDisks(profile: Profile, settings: Settings): ZramDisk[] {
  const tables = diskTables(profile, settings).filter(({ keys }) => keys.bus === 'zram')
  const disks = tables.map(({ id, keys, sizeKey }) => ({ ...planZramDisk(id, keys), sizeKey }))
  for (const [index, { id, serial }] of disks.entries()) {
    const other = disks.slice(0, index).find((disk) => disk.serial === serial)
    if (other === undefined) continue
    throw new RapidoError('usage', `the disks "${other.id}" and "${id}" on zram have one serial number, ${serial}`, {
      hint: `--set disk.${id}.serial=NAME gives it another`,
    })
  }
  return disks
}

function planZramDisk(id: string, keys: DiskKeys): Omit<ZramDisk, 'sizeKey'> {
  const { bus: _, size, serial = `rapido-${id}`, paths, format, readonly, ...others } = keys
  const refuse = (what: string, hint: string): never => {
    throw new RapidoError('usage', `disk "${id}": ${what}`, { hint })
  }
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? []
  if (other !== undefined) refuse(`a zram disk has no ${other}`, `leave out ${other}, or use another bus`)
  if (paths !== undefined && paths > 1) refuse(`a zram disk has one path, not ${paths}`, 'use bus = "scsi"')
  if (format === 'qcow2') refuse('a zram disk is raw', 'leave out format')
  if (readonly) refuse('a zram disk is empty when it is made: nobody could use it', 'leave out readonly')
  return { id, serial, sizeMiB: size ?? refuse('it has no size', `--set disk.${id}.size=1G gives it one`) }
}

/** The kernel modules of such a disk: what it cannot do without, and its compression where the kernel asks for that by name. */
export const zramDrivers = { required: ['zram'], compression: ['lzo_rle', 'lzo'] }

/** The memory of a VM: its profile's, and that of its disks; `vm.memory` is taken as it is. */
export function memoryMiB(profile: Profile, settings: Settings): number {
  const disks = planZramDisks(profile, settings)
  return settings.vm.memory ?? disks.reduce((sum, { sizeMiB }) => sum + sizeMiB, profile.machine.memory)
}

/** Throws RapidoError('host') where the disks on zram make a VM larger than QEMU can have on this host. */
export function requireMemoryForZram(profile: Profile, settings: Settings, { hostMiB }: { hostMiB: number }): void {
  const disks = planZramDisks(profile, settings)
  const wanted = memoryMiB(profile, settings)
  if (disks.length === 0 || settings.vm.memory !== undefined || wanted <= hostMiB) return
  const ids = disks.map(({ id }) => id).join(', ')
  const { sizeKey } = disks.reduce((one, other) => (other.sizeMiB > one.sizeMiB ? other : one))
  const each = Math.floor((hostMiB - profile.machine.memory) / 2 / disks.length) // the rest is for others
  const smaller = each < 1024 ? `${each}M` : `${Math.floor(each / 1024)}G`
  throw new RapidoError(
    'host',
    `profile "${profile.name}": with its disks on zram (${ids}) the VM has ${wanted} MiB of memory, this host ${hostMiB}`,
    { hint: `${each < 1 ? '' : `--set ${sizeKey}=${smaller} makes them smaller; `}on another bus they are files` },
  )
}
