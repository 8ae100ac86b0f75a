/** Reads check.time, "generic/001 4" a line: how long tests took when they last ran, ms. Other lines are left out. */
export function parseCheckTime(text: string): Map<string, number> {
  const times = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, test, seconds] = /^(\S+) +(\d+)\s*$/.exec(line) ?? []
    if (test !== undefined) times.set(test, Number(seconds) * 1000)
  }
  return times
}

/** A check.time of times in ms: whole seconds, by name, as check writes it. */
export function formatCheckTime(times: ReadonlyMap<string, number>): string {
  const lines = [...times].map(([test, ms]) => `${test} ${Math.round(ms / 1000)}\n`)
  return lines.sort().join('')
}
