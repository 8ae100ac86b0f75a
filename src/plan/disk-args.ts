import type { DiskPlan, Medium, PathPlan } from './disks.js'
import { quoted } from './qemu-option.js'

/**
 * The PCI bus of what may be unplugged: a bridge, for nothing can be taken from the root bus of q35. It is named as the bus of the
 * machine `pc`, where devices are that somebody's own arguments add.
 */
export const hotplugBus = 'pci.0'

/** QEMU's arguments for the disks: controllers, drives and devices. */
export function diskArgs(disks: readonly DiskPlan[]): string[] {
  const controllers = new Set(disks.flatMap(({ paths }) => paths.flatMap(({ controller }) => controller ?? [])))
  return [
    ...[...controllers].flatMap((id) => ['-device', `virtio-scsi-pci,id=${id},disable-legacy=on`]),
    ...(disks.some(({ bus }) => bus === 'usb') ? ['-device', 'qemu-xhci,id=usb'] : []),
    ...disks.flatMap((disk) =>
      disk.paths.flatMap((path) => [
        '-drive',
        optionText(driveOptions(disk, path.name)),
        '-device',
        optionText(deviceOptions(disk, path, path.name)),
      ]),
    ),
  ]
}

/** The options of a drive; `id` is its name in QEMU, which a drive that comes back later cannot have again. */
export function driveOptions(disk: DiskPlan, id: string): Record<string, string | number | undefined> {
  const { medium, format, cache, readonly, limits } = disk
  return {
    if: 'none',
    id,
    ...mediumOptions(medium),
    format,
    cache,
    discard: 'unmap', // what the guest trims is given back to the host
    readonly: readonly ? 'on' : undefined,
    // Several paths are several openings of one file. Other VMs of rapido are kept out by its own lock (host/disk-files.ts).
    'file.locking': disk.paths.length > 1 ? 'off' : undefined,
    'throttling.iops-total': limits.iops,
    'throttling.bps-total': limits.bytes,
  }
}

function mediumOptions(medium: Medium): Record<string, string> {
  if (medium.kind !== 'rbd') return { file: medium.file }
  const { kind, pool, image, user, conf } = medium
  // The key is in what the conf names: everybody may read a command line.
  return { 'file.driver': kind, 'file.pool': pool, 'file.image': image, 'file.user': user, 'file.conf': conf }
}

/** The options of the device of a path, with a drive of that name behind it. */
export function deviceOptions(disk: DiskPlan, path: PathPlan, drive: string): Record<string, string | number> {
  const { serial, wwn } = disk
  const index = disk.paths.indexOf(path)
  // An error is the guest's to see: QEMU's own idea is to stop the guest when the host's disk is full.
  const report = { rerror: 'report', werror: 'report' }
  const common = { id: path.name, drive, serial }
  switch (disk.bus) {
    case 'scsi':
      return {
        driver: 'scsi-hd',
        bus: `${path.controller}.0`,
        channel: 0,
        'scsi-id': index,
        lun: 0,
        ...common,
        wwn: `0x${wwn}`,
        ...report,
      }
    case 'virtio':
      return { driver: 'virtio-blk-pci', bus: hotplugBus, ...common, 'disable-legacy': 'on', ...report }
    case 'nvme':
      return { driver: 'nvme', bus: hotplugBus, ...common }
    case 'usb':
      return { driver: 'usb-storage', bus: 'usb.0', ...common, ...report }
  }
}

/** As on QEMU's command line, and for its monitor: "driver,key=value". */
export function optionText(options: Record<string, string | number | undefined>): string {
  const { driver, ...rest } = options
  const pairs = Object.entries(rest).filter(([, value]) => value !== undefined)
  const texts = pairs.map(([key, value]) => `${key}=${quoted(String(value))}`)
  return [...(driver === undefined ? [] : [String(driver)]), ...texts].join(',')
}
