import { findMistakes } from '../config/explain.js'
import { type Fault, type FaultVerb, faultVerbs } from '../config/fault-verbs.js'
import { nearest } from '../config/nearest.js'
import { RapidoError } from '../errors.js'
import { type DiskPlan, diskOfPath, type PathPlan } from './disks.js'
import type { MachinePlan } from './machine.js'

/** What a fault may be done to, besides a VM. */
const targetKeys = ['path', 'disk', 'nic', 'osd', 'mds', 'pool'] as const

/** The key of a verb's target, where it has one. */
function targetKey(verb: FaultVerb): (typeof targetKeys)[number] | undefined {
  return targetKeys.find((key) => key in faultVerbs[verb].schema.shape)
}

/**
 * The words of a command line as the options of a verb: "hda", "every=10" gives { path: 'hda', every: 10 }. Throws
 * RapidoError('usage') for a word that is neither the target nor KEY=VALUE.
 */
export function faultOptions(verb: string, words: readonly string[]): Record<string, unknown> {
  requireVerb(verb)
  const key = targetKey(verb)
  const options = words.map((word, index): [string, unknown] => {
    const [, name, value = ''] = /^([a-z]+)=(.*)$/s.exec(word) ?? []
    if (name !== undefined) return [name, /^\d+$/.test(value) ? Number(value) : value]
    if (index === 0 && key !== undefined) return [key, /^\d+$/.test(word) ? Number(word) : word]
    const whole = key === undefined ? `${verb} is for the whole VM` : `${verb} takes one ${key}, then KEY=VALUE`
    throw new RapidoError('usage', `${whole}: what is "${word}"?`)
  })
  return Object.fromEntries(options)
}

/** A fault, read. Throws RapidoError('usage') that lists what is wrong, with the nearest that there is. */
export function readFault(verb: string, written: Record<string, unknown> = {}): Fault {
  requireVerb(verb)
  const { schema } = faultVerbs[verb]
  const mistakes = findMistakes(schema, written)
  if (mistakes.length > 0) {
    const lines = mistakes.map(({ path, message }) => `${verb} ${path.join('.')}: ${message}`)
    throw new RapidoError('usage', lines.join('\n'))
  }
  return { verb, ...schema.parse(written) } as Fault
}

function requireVerb(verb: string): asserts verb is FaultVerb {
  const verbs = Object.keys(faultVerbs)
  if (verbs.includes(verb)) return
  const meant = nearest(verb, verbs)
  throw new RapidoError('usage', `no fault "${verb}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`, {
    hint: `there are ${verbs.join(', ')}`,
  })
}

/** The disk and path that a fault is about. Throws RapidoError('usage') that names those there are. */
export function findPath(plan: MachinePlan, name: string): { disk: DiskPlan; path: PathPlan } {
  const found = diskOfPath(plan.disks, name)
  if (found) return found
  refuseZram(plan, name)
  const names = plan.disks.flatMap(({ paths }) => paths.map((path) => path.name))
  throw new RapidoError('usage', `vm${plan.number} has no path "${name}"`, { hint: thereAre(names, 'disk') })
}

export function findDisk(plan: MachinePlan, id: string): DiskPlan {
  const found = plan.disks.find((disk) => disk.id === id)
  if (found) return found
  refuseZram(plan, id)
  const ids = plan.disks.map((disk) => disk.id)
  throw new RapidoError('usage', `vm${plan.number} has no disk "${id}"`, { hint: thereAre(ids, 'disk') })
}

/** By the name of the disk, or as its path would be called. */
function refuseZram({ zram, number }: MachinePlan, name: string): void {
  const disk = zram.find(({ id }) => [id, `${id}a`].includes(name))
  if (disk === undefined) return
  const what = `the disk "${disk.id}" of vm${number} is in the guest's memory: QEMU can do nothing to it`
  throw new RapidoError('usage', what, { hint: `--set disk.${disk.id}.bus=virtio makes it one of QEMU` })
}

export function requireNic({ network, number }: MachinePlan, id: string): void {
  const ids = network.kind === 'none' ? [] : network.nics.map((nic) => nic.id)
  if (ids.includes(id)) return
  throw new RapidoError('usage', `vm${number} has no NIC "${id}"`, { hint: thereAre(ids, 'NIC') })
}

function thereAre(names: string[], what: string): string {
  return names.length === 0 ? `its profile gives it no ${what}` : `there are ${names.join(', ')}`
}

/** Throws RapidoError('usage') where a fault cannot work on what it is for. */
export function requirePossible(fault: Fault, plan: MachinePlan): void {
  const refuse = (what: string, hint: string) => {
    throw new RapidoError('usage', `${fault.verb}: ${what}`, { hint })
  }
  if ('nic' in fault) requireNic(plan, fault.nic)
  if ('path' in fault) findPath(plan, fault.path)
  switch (fault.verb) {
    case 'io-error':
      // Two openings of one qcow2 that are written to spoil it.
      if (findPath(plan, fault.path).disk.format === 'qcow2')
        refuse('a qcow2 file can be open only once', 'use a raw file')
      if (fault.every > 1 && fault.operation !== 'read' && fault.operation !== 'write') {
        refuse('every counts reads, or writes', 'add operation=write, or operation=read')
      }
      return
    case 'slow':
      if (fault.iops === undefined && fault.bandwidth === undefined && fault.latency === undefined) {
        refuse('how slow?', 'add iops=10, bandwidth=1M or latency=200ms')
      }
      if (fault.latency !== undefined && fault.latency > 1000) {
        refuse('QEMU delays an operation by a second at most', 'hang answers none')
      }
      return
    case 'resize': {
      const disk = findDisk(plan, fault.disk)
      if (disk.readonly) refuse(`the disk "${disk.id}" is read-only`, 'resize another')
      if (disk.bus === 'usb' || disk.bus === 'nvme') {
        const name = disk.bus === 'usb' ? 'a USB' : "QEMU's NVMe"
        refuse(`${name} disk does not tell its guest of a new size`, 'use bus = "scsi" or "virtio"')
      }
      return
    }
    default:
      return
  }
}

/** A disk, and what its medium is found to be. */
export type OpenDisk = DiskPlan & { isBlockDevice: boolean }

/** Arguments of QMP's blockdev-add: the medium of a path, opened once more, as it is. */
export function cleanNode(disk: OpenDisk, name: string): Record<string, unknown> {
  return {
    driver: disk.format,
    'node-name': name,
    'read-only': disk.readonly,
    discard: 'unmap',
    file: mediumNode(disk),
  }
}

/** The same with an injector of errors below: blkdebug, docs/devel/blkdebug.txt of QEMU. */
export function faultyNode(
  disk: OpenDisk,
  name: string,
  fault: Extract<Fault, { verb: 'io-error' }>,
): Record<string, unknown> {
  const error = {
    errno: errnos[fault.errno],
    ...(fault.operation === undefined ? {} : { iotype: fault.operation }),
    ...(fault.sector === undefined ? {} : { sector: fault.sector }),
    immediately: true,
  }
  const { every } = fault
  // As raw.c of QEMU names them. State n of `every` fails; each operation goes on to the next one. A rule that has hit
  // stays in force until another one does, so there is one that nothing can hit.
  const event = fault.operation === 'read' ? 'read_aio' : 'write_aio'
  const rules =
    every === 1
      ? { 'inject-error': [{ event: 'none', ...error }] }
      : {
          'set-state': Array.from({ length: every }, (_, index) => ({
            event,
            state: index + 1,
            new_state: ((index + 1) % every) + 1,
          })),
          'inject-error': [
            { event, state: 1, ...error, sector: noSector },
            { event, state: every, ...error },
          ],
        }
  return { ...cleanNode(disk, name), file: { driver: 'blkdebug', image: mediumNode(disk), ...rules } }
}

/** Beyond the end of every disk. */
const noSector = 2 ** 50

const errnos = { EPERM: 1, EIO: 5, EINVAL: 22, ENOSPC: 28 } as const

function mediumNode({ medium, cache, isBlockDevice }: OpenDisk): Record<string, unknown> {
  const direct = cache === 'none' || cache === 'directsync'
  const how = { cache: { direct, 'no-flush': cache === 'unsafe' } }
  if (medium.kind === 'rbd') {
    const { kind: driver, ...options } = medium
    return { driver, ...options, ...how }
  }
  // Without QEMU's own lock: it has the file open already.
  return { driver: isBlockDevice ? 'host_device' : 'file', filename: medium.file, locking: 'off', ...how }
}

/** Arguments of QMP's block_set_io_throttle, without the `id`. */
export function throttle(disk: DiskPlan, fault?: Extract<Fault, { verb: 'slow' | 'hang' }>): Record<string, number> {
  const none = { bps: 0, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 }
  if (fault === undefined) return { ...none, bps: disk.limits.bytes ?? 0, iops: disk.limits.iops ?? 0 }
  if (fault.verb === 'hang') return { ...none, bps: 1 } // one more operation, and its bytes take an hour
  const { iops, latency, bandwidth } = fault
  const rates = [iops, latency === undefined ? undefined : 1000 / latency].filter((rate) => rate !== undefined)
  return {
    ...none,
    iops: rates.length === 0 ? 0 : Math.max(1, Math.floor(Math.min(...rates))),
    bps: bandwidth === undefined ? 0 : bandwidth * 1024 * 1024,
  }
}
