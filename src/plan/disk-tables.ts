import { expandSettings } from '../config/expand.js'
import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'

/** The keys of a disk, as they are set: no default is applied. Sizes in MiB. */
export type DiskKeys = Partial<Omit<Settings['disk'][string], 'file' | 'rbd'>> & {
  file?: string | undefined
  rbd?: string | undefined
}

/** A disk of a VM as profile and rapido.toml have it. */
interface DiskTable {
  id: string
  keys: DiskKeys
  sizeKey: string // the setting that makes it smaller
  isExtra: boolean // only rapido.toml has it: the profile knows nothing of it
}

/** The disks of a profile with what rapido.toml says of them, then those that rapido.toml adds. */
export function diskTables(profile: Profile, settings: Settings): DiskTable[] {
  const own = profile.machine.disk.map(({ id, size, bus, ...rest }) => {
    const keys = { ...rest, size: sizeOf(size, settings), bus: busOf(bus, settings) }
    const sizeKey = typeof size === 'string' && settings.disk[id]?.size === undefined ? size.slice(1, -1) : undefined
    return { id, keys: joined(keys, settings.disk[id] ?? {}), sizeKey: sizeKey ?? `disk.${id}.size`, isExtra: false }
  })
  const more = Object.entries(settings.disk).filter(([id]) => !profile.machine.disk.some((disk) => disk.id === id))
  return [...own, ...more.map(([id, keys]) => ({ id, keys, sizeKey: `disk.${id}.size`, isExtra: true }))]
}

type Written = Profile['machine']['disk'][number]

/** A profile may have the size from a setting. */
function sizeOf(size: Written['size'], settings: Settings): number | undefined {
  return typeof size === 'string' ? Number(expandSettings(size, settings)) : size
}

/** The bus, too. Its schema lets no setting pass that could be anything else. */
function busOf(bus: Written['bus'], settings: Settings): DiskKeys['bus'] {
  return bus === undefined ? undefined : (expandSettings(bus, settings) as DiskKeys['bus'])
}

/** What rapido.toml says stands over the profile; a medium of one is in place of any medium of the other. */
function joined(below: DiskKeys, above: DiskKeys): DiskKeys {
  const set = Object.fromEntries(Object.entries(above).filter(([, value]) => value !== undefined)) as DiskKeys
  const { size, file, rbd, ...rest } = below
  const isElsewhere = [set.size, set.file, set.rbd].some((medium) => medium !== undefined)
  return { ...rest, ...(isElsewhere ? {} : { size, file, rbd }), ...set }
}
