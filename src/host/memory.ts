import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/** The memory of this host with its swap, in MiB: more than that the kernel gives nobody, touched or not. `file` is for tests. */
export function hostMemoryMiB(file = '/proc/meminfo'): number {
  const text = readFileSync(file, 'utf8')
  const kiB = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0)
  return Math.floor((kiB('MemTotal') || totalmem() / 1024) / 1024 + kiB('SwapTotal') / 1024)
}
