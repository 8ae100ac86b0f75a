import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

/**
 * The frequency of this host's TSC in kHz; undefined where it has none that all its CPUs share, by the judgement of its kernel.
 * /proc/cpuinfo tells it as bogomips, which on x86 is twice its MHz whatever the CPU runs at now. `root` is for tests.
 */
export function hostTscKHz(root = '/', arch: string = process.arch): number | undefined {
  if (arch !== 'x64') return undefined
  try {
    const clocksources = readFileSync(
      `${root}sys/devices/system/clocksource/clocksource0/available_clocksource`,
      'utf8',
    )
    if (!clocksources.split(/\s+/).includes('tsc')) return undefined
    const bogomips = Number(/^bogomips\s*:\s*([\d.]+)$/m.exec(firstCpu(`${root}proc/cpuinfo`))?.[1])
    return bogomips > 0 ? Math.round(bogomips * 500) : undefined
  } catch {
    return undefined // a container may hide both
  }
}

/** The kernel asks each CPU it tells of for its speed: with a hundred of them that takes longer than it is worth. */
function firstCpu(cpuinfo: string): string {
  const file = openSync(cpuinfo, 'r')
  try {
    const start = Buffer.alloc(4096)
    return start.subarray(0, readSync(file, start)).toString()
  } finally {
    closeSync(file)
  }
}
