import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits until a process has had `limitMs`, not counting the time in which a thread of it was ready to run and had no CPU
 * of this host: who shares two CPUs with twenty others is slow, not hung. Returns the milliseconds that did not count.
 */
export async function untilGiven(
  limitMs: number,
  { pid, signal }: { pid: number; signal: AbortSignal },
): Promise<number> {
  const startedAt = performance.now()
  let waitedMs = 0
  let before = runqueueWaits(pid)
  for (;;) {
    const leftMs = limitMs - (performance.now() - startedAt - waitedMs)
    if (leftMs <= 0) return waitedMs
    await delay(Math.min(sampleMs, leftMs), undefined, { signal })
    const now = runqueueWaits(pid)
    waitedMs += Math.max(0, ...[...now].map(([thread, ms]) => ms - (before.get(thread) ?? 0)))
    before = now
  }
}

/** Short, for threads take turns: what one waits for is done by another, which waits for a CPU. */
const sampleMs = 250

/**
 * How long each thread of a process has been on a runqueue since its start, in milliseconds; nothing where the kernel
 * does not tell (Documentation/scheduler/sched-stats.rst).
 */
export function runqueueWaits(pid: number): Map<string, number> {
  try {
    const folder = `/proc/${pid}/task`
    return new Map(readdirSync(folder).map((thread) => [thread, waitOf(`${folder}/${thread}/schedstat`)]))
  } catch {
    return new Map() // it has ended, or no SCHED_INFO
  }
}

/** The second number of the three is nanoseconds on a runqueue. */
function waitOf(schedstat: string): number {
  return Number(readFileSync(schedstat, 'utf8').split(' ')[1]) / 1e6
}
