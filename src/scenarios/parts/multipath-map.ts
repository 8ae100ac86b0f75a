import type { Vm } from '../../index.js'

/** The machine of these scenarios, whatever rapido.toml says of the profile. */
export const twoPaths = {
  profile: 'multipath',
  settings: { 'disk.hd.paths': 2, 'multipath.grouping': 'multibus', 'multipath.no_path_retry': 'queue' },
}

/** A path of mpatha, as the kernel has it. */
export interface MapPath {
  device: string // "8:16"
  isActive: boolean
  isInUse: boolean // its group is the one that gets the I/O
}

/** The paths of mpatha. Its status is counts, each followed by so many words (dm-mpath.c of the kernel). */
export async function mapPaths(guest: Vm): Promise<MapPath[]> {
  const words = (await guest.succeed('dmsetup status mpatha')).trim().split(' ').slice(3)
  const take = () => words.shift() ?? ''
  const skip = (count: number) => void words.splice(0, count)
  skip(Number(take())) // features
  skip(Number(take())) // hardware handlers
  const groups = Number(take())
  take() // the group to try first
  const paths: MapPath[] = []
  for (let group = 1; group <= groups; group++) {
    const state = take()
    skip(Number(take()))
    const count = Number(take())
    const selectorWords = Number(take())
    for (let path = 0; path < count; path++) {
      paths.push({ device: take(), isActive: take() === 'A', isInUse: state === 'A' })
      take() // failures
      skip(selectorWords)
    }
  }
  return paths
}

/** Waits until mpatha has so many active, and so many failed paths. */
export async function expectPaths(guest: Vm, wanted: { active: number; failed: number }): Promise<void> {
  const holds = async () => {
    const paths = await mapPaths(guest)
    const active = paths.filter(({ isActive }) => isActive).length
    return active === wanted.active && paths.length - active === wanted.failed
  }
  const what = `${wanted.active} active and ${wanted.failed} failed paths of mpatha`
  await guest.waitUntil(holds, { what, timeoutMs: 15_000 })
}

/** How many sectors each of the SCSI disks has been asked for. */
export async function sectors(guest: Vm): Promise<number[]> {
  const stat = await guest.succeed('cat /sys/block/sd*/stat')
  return stat
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map((fields) => Number(fields[2]) + Number(fields[6]))
}

/** Changes a line of [defaults] in multipath.conf, and has multipathd take it up. */
export async function reconfigure(guest: Vm, keyword: string, value: string): Promise<void> {
  await guest.succeed(['sed', '-i', `s/^  ${keyword} .*/  ${keyword} ${value}/`, '/etc/multipath.conf'])
  await guest.succeed('multipathd reconfigure')
}
