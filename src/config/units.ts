/** Size as written in rapido.toml ("512M", "1.5G", "2GiB") to MiB; undefined where it is no size, or no whole MiB. */
export function parseSizeMiB(text: string): number | undefined {
  const [, amount, unit] = sizePattern.exec(text) ?? []
  if (amount === undefined || unit === undefined) return undefined
  const mebibytes = Number(amount) * (mebibytesIn[unit.toUpperCase()] as number)
  return Number.isSafeInteger(mebibytes) && mebibytes > 0 ? mebibytes : undefined
}

/** Duration as written in rapido.toml ("500ms", "90s", "1h30m") to milliseconds; undefined where it is none. */
export function parseDurationMs(text: string): number | undefined {
  const parts = durationPattern.exec(text)
  if (parts === null) return undefined
  const millisecondsPerPart = [86_400_000, 3_600_000, 60_000, 1000, 1]
  const total = millisecondsPerPart.reduce((sum, ms, part) => sum + ms * Number(parts[part + 1] ?? 0), 0)
  return total > 0 && total <= longestMs ? total : undefined
}

/** A duration for people: 90000 is "1m30s". What parseDurationMs reads back. */
export function formatDurationMs(durationMs: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ]
  let rest = Math.round(durationMs)
  let text = ''
  for (const [unit, ms] of units) {
    if (rest >= ms) text += `${Math.floor(rest / ms)}${unit}`
    rest %= ms
  }
  return text === '' ? '0s' : text
}

/** What a size looks like, for the schemas. */
export const sizePattern = /^(\d+(?:\.\d+)?)([MGTmgt])(?:iB)?$/

/** What a duration looks like, for the schemas: the units in this order, each at most once. */
export const durationPattern = /^(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

const mebibytesIn: Record<string, number> = { M: 1, G: 1024, T: 1024 * 1024 }

const longestMs = 24 * 86_400_000 // Node's timers end at 2^31 ms; beyond it they fire at once
