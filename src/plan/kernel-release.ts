/** Newest first, as `sort -V` has it, but 6.10-rc1 before 6.10. */
export function newestFirst<K extends { release: string }>(kernels: readonly K[]): K[] {
  return [...kernels].sort((one, other) => compareReleases(other.release, one.release))
}

/** Negative where `one` is older than `other`: 6.9 before 6.10, 6.10-rc1 before 6.10. */
export function compareReleases(one: string, other: string): number {
  const left = words(one)
  const right = words(other)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = compareWords(left[i], right[i])
    if (difference !== 0) return difference
  }
  return one < other ? -1 : one > other ? 1 : 0
}

function words(release: string): string[] {
  return release.match(/\d+|[a-z]+/gi) ?? []
}

function compareWords(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) {
    const longer = one ?? other
    // 6.10.0 has no "rc"; 6.10.0-rc1 came before it. Any other ending came after.
    const sign = longer === undefined ? 0 : longer === 'rc' ? -1 : 1
    return one === undefined ? -sign : sign
  }
  const numbers = Number(one) - Number(other)
  if (!Number.isNaN(numbers)) return numbers
  return rank(one) - rank(other) || (one < other ? -1 : one > other ? 1 : 0)
}

/** Where words of different kinds meet: rc, then letters (6.1-amd64), then numbers (6.1.2). */
function rank(word: string): number {
  return word === 'rc' ? 0 : /^\d/.test(word) ? 2 : 1
}
