import { stat } from 'node:fs/promises'
import type { CephFaultVerb } from '../config/ceph-fault-verbs.js'
import type { Fault } from '../config/fault-verbs.js'
import type { UsbFaultVerb } from '../config/usb-fault-verbs.js'
import { RapidoError } from '../errors.js'
import { deviceOptions, driveOptions, optionText } from '../plan/disk-args.js'
import type { DiskPlan } from '../plan/disks.js'
import { cleanNode, faultyNode, findDisk, findPath, type OpenDisk, requirePossible, throttle } from '../plan/faults.js'
import type { MachinePlan } from '../plan/machine.js'
import type { Qmp } from './qmp.js'

/** What a guest gets to let go of a device: it has to agree. */
const unplugMs = 15_000

/** A device with a drive, as QMP's query-block has it. */
interface BlockRow {
  device: string // the name of the drive; empty once it was deleted
  qdev?: string // the id of the device, or a path of QEMU's object model
  inserted?: { 'node-name': string; iops: number; bps: number; image: { 'virtual-size': number } }
}

/** What a fault can be done to. */
export interface FaultTarget {
  kind: 'path' | 'disk' | 'nic'
  name: string
  of?: string // the disk of a path
  state?: 'up' | 'dead' | 'unplugged' // of a path
}

/**
 * Faults of one machine, done over QMP, each looked at for its effect. What a path is like is asked of QEMU, for who
 * sits at the monitor changes it, too. `reset` and `power-cut` are the machine's own (machine.ts), those of a
 * Ceph cluster are in ceph/faults.ts, those of a USB gadget in runs/fault-usb.ts.
 */
export class Faults {
  readonly #plan: MachinePlan
  readonly #qmp: Qmp
  #nextNode = 1

  constructor(plan: MachinePlan, qmp: Qmp) {
    this.#plan = plan
    this.#qmp = qmp
  }

  /** Throws RapidoError: 'usage' for what cannot be, 'host' where QEMU refuses, or nothing came of it. */
  async apply(fault: Exclude<Fault, { verb: 'reset' | 'power-cut' | CephFaultVerb | UsbFaultVerb }>): Promise<void> {
    requirePossible(fault, this.#plan)
    switch (fault.verb) {
      case 'path-dead':
        return this.#killPath(fault.path)
      case 'path-restore':
        if ((await this.#present(fault.path)).inserted) throw nothingToDo(`path ${fault.path} is not dead`)
        await this.#unplug(fault.path)
        return this.#plug(fault.path)
      case 'unplug':
        if (!(await this.#row(fault.path))) throw nothingToDo(`${fault.path} is unplugged already`)
        return this.#unplug(fault.path)
      case 'plug':
        if (await this.#row(fault.path)) throw nothingToDo(`${fault.path} is plugged in`)
        return this.#plug(fault.path)
      case 'io-error':
        return this.#swap(fault.path, (disk, node) => faultyNode(disk, node, fault))
      case 'slow':
      case 'hang':
        return this.#throttle(fault.path, throttle(findPath(this.#plan, fault.path).disk, fault))
      case 'heal':
        return this.#heal(fault.path)
      case 'link-down':
      case 'link-up':
        return void (await this.#qmp.execute('set_link', { name: fault.nic, up: fault.verb === 'link-up' }))
      case 'freeze':
        await this.#qmp.execute('stop')
        return this.#requireStatus('paused')
      case 'thaw':
        await this.#qmp.execute('cont')
        return this.#requireStatus('running')
      case 'nmi':
        return void (await this.#qmp.execute('inject-nmi'))
      case 'resize':
        return this.#resize(fault.disk, fault.size * 1024 * 1024)
    }
  }

  /** What there is to do a fault to, and what the paths are like now. */
  async targets(): Promise<FaultTarget[]> {
    const { disks, network } = this.#plan
    const rows = await this.#rows()
    const stateOf = (row: BlockRow | undefined) => (row === undefined ? 'unplugged' : row.inserted ? 'up' : 'dead')
    return [
      ...disks.map(({ id }) => ({ kind: 'disk' as const, name: id })),
      ...disks.flatMap(({ id, paths }) =>
        paths.map(({ name }) => ({ kind: 'path' as const, name, of: id, state: stateOf(rowOf(name, rows)) }) as const),
      ),
      ...(network.kind === 'none' ? [] : network.nics.map(({ id }) => ({ kind: 'nic' as const, name: id }))),
    ]
  }

  async #killPath(name: string): Promise<void> {
    const row = await this.#present(name)
    if (!row.inserted) throw nothingToDo(`path ${name} is dead already`)
    // Only the human monitor has it, and tells what is wrong as text.
    await this.#monitor(`drive_del ${row.device}`)
    if ((await this.#row(name))?.inserted) throw noEffect(`drive_del ${row.device}`, `${name} has its medium still`)
    await this.#dropNode(name, row)
  }

  /** Takes the device out; its drive goes with it. */
  async #unplug(name: string): Promise<void> {
    const before = await this.#row(name)
    const gone = this.#qmp.next(({ name: event, data }) => event === 'DEVICE_DELETED' && data.device === name, {
      what: `the guest did not let go of ${name}`,
      withinMs: unplugMs,
    })
    await Promise.all([this.#qmp.execute('device_del', { id: name }).catch(gone.fail), gone.seen])
    if (await this.#row(name)) throw noEffect(`device_del ${name}`, `${name} is there still`)
    await this.#dropNode(name, before).catch(() => {}) // QEMU's NVMe keeps it
  }

  /** A new device, with a new drive behind it. */
  async #plug(name: string): Promise<void> {
    const { disk, path } = findPath(this.#plan, name)
    const drive = await this.#addDrive(disk, name)
    const { driver, ...options } = deviceOptions(disk, path, drive)
    try {
      await this.#qmp.execute('device_add', { driver, ...options })
    } catch (error) {
      await this.#qmp.monitor(`drive_del ${drive}`).catch(() => {}) // it would keep the file open
      throw error
    }
    if (!(await this.#row(name))?.inserted) throw noEffect(`device_add ${name}`, `${name} has no medium`)
  }

  /** hda; or hda2, hda3, …: QEMU does not give a name twice while anybody could still refer to the one before. */
  async #addDrive(disk: DiskPlan, name: string): Promise<string> {
    for (let number = 1; ; number++) {
      const drive = number === 1 ? name : `${name}${number}`
      const options = optionText(driveOptions(disk, drive)).replace(/[\\"]/g, '\\$&') // a word of HMP, in quotes
      const said = (await this.#qmp.monitor(`drive_add 0 "${options}"`)).trim()
      if (said === 'OK') return drive
      if (!said.includes('Duplicate ID')) throw refused(`drive_add ${drive}`, said)
    }
  }

  /** Puts another block node behind a device that goes on working: the gentlest way to make it fail. */
  async #swap(name: string, build: (disk: OpenDisk, node: string) => Record<string, unknown>): Promise<void> {
    const row = await this.#present(name)
    if (!row.inserted) throw nothingToDo(`path ${name} is dead: path-restore first`)
    const { disk } = findPath(this.#plan, name)
    const node = `${name}-node${this.#nextNode++}`
    const isBlockDevice = disk.medium.kind === 'file' && (await stat(disk.medium.file)).isBlockDevice()
    await this.#qmp.execute('blockdev-add', build({ ...disk, isBlockDevice }, node))
    try {
      await this.#qmp.execute('qom-set', { path: objectOf(row, name), property: 'drive', value: node })
      const after = (await this.#present(name)).inserted?.['node-name']
      if (after !== node) throw noEffect('qom-set drive', `${name} is on ${after}, not on ${node}`)
    } catch (error) {
      await this.#qmp.execute('blockdev-del', { 'node-name': node }).catch(() => {})
      throw error
    }
    await this.#dropNode(name, row)
  }

  /** What a path had as its medium: the first one is a drive's, and goes with it; one of #swap is ours to remove. */
  async #dropNode(name: string, row: BlockRow | undefined): Promise<void> {
    const node = row?.inserted?.['node-name']
    if (node?.startsWith(`${name}-node`)) await this.#qmp.execute('blockdev-del', { 'node-name': node })
  }

  async #throttle(name: string, limits: Record<string, number>): Promise<void> {
    const row = await this.#present(name)
    if (!row.inserted) throw nothingToDo(`path ${name} is dead: path-restore first`)
    await this.#qmp.execute('block_set_io_throttle', { id: row.qdev, ...limits })
    const { iops, bps } = (await this.#present(name)).inserted ?? {}
    if (iops !== limits.iops || bps !== limits.bps) throw noEffect('block_set_io_throttle', `${name} has other limits`)
  }

  async #heal(name: string): Promise<void> {
    const { disk } = findPath(this.#plan, name)
    const { inserted } = await this.#present(name)
    await this.#throttle(name, throttle(disk))
    if (inserted?.['node-name'].startsWith(`${name}-node`)) await this.#swap(name, cleanNode)
  }

  async #resize(id: string, bytes: number): Promise<void> {
    const disk = findDisk(this.#plan, id)
    const rows = await Promise.all(disk.paths.map(({ name }) => this.#row(name)))
    const media = rows.flatMap((row) => row?.inserted ?? [])
    if (media.length === 0) throw nothingToDo(`all paths of ${id} are dead`)
    for (const medium of media) {
      await this.#qmp.execute('block_resize', { 'node-name': medium['node-name'], size: bytes })
    }
    for (const { name } of disk.paths) {
      const size = (await this.#row(name))?.inserted?.image['virtual-size']
      if (size !== undefined && size !== bytes) throw noEffect('block_resize', `${name} has ${size} bytes`)
    }
  }

  async #requireStatus(wanted: string): Promise<void> {
    const { status } = (await this.#qmp.execute('query-status')) as { status: string }
    if (status !== wanted) throw noEffect('it', `the VM is ${status}`)
  }

  async #monitor(command: string): Promise<void> {
    const said = (await this.#qmp.monitor(command)).trim()
    if (said !== '') throw refused(command, said)
  }

  async #present(name: string): Promise<BlockRow> {
    const row = await this.#row(name)
    if (row) return row
    throw nothingToDo(`${name} is unplugged: plug first`)
  }

  async #row(name: string): Promise<BlockRow | undefined> {
    return rowOf(name, await this.#rows())
  }

  async #rows(): Promise<BlockRow[]> {
    return (await this.#qmp.execute('query-block')) as BlockRow[]
  }
}

/** The device of a path; undefined where it is unplugged. Some buses put the drive on a child of it. */
function rowOf(name: string, rows: BlockRow[]): BlockRow | undefined {
  return rows.find(({ qdev }) => qdev === name || qdev?.includes(`/peripheral/${name}/`))
}

/** The object that has the drive as its property. */
function objectOf({ qdev }: BlockRow, name: string): string {
  return qdev?.startsWith('/') ? qdev : `/machine/peripheral/${name}`
}

function nothingToDo(what: string): RapidoError {
  return new RapidoError('usage', what)
}

function refused(command: string, said: string): RapidoError {
  return new RapidoError('host', `QEMU refused "${command}": ${said.trim()}`)
}

function noEffect(command: string, what: string): RapidoError {
  return new RapidoError('host', `${command} had no effect: ${what}`)
}
