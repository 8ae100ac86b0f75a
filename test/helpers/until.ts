import { setTimeout as delay } from 'node:timers/promises'

/** Waits until a condition holds. Throws an Error that quotes it after `timeoutMs`: far more than it takes, for machines are busy. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  for (const end = performance.now() + timeoutMs; !(await holds()); await delay(5)) {
    if (performance.now() > end) throw new Error(`in vain: ${holds}`)
  }
}
