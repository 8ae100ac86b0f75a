import { RapidoError } from '../../errors.js'

/**
 * Whether a kernel is in a range: 6.1 (any 6.1.x), 6.1..6.5 (both and what is between), ..6.5, 6.1.. or *. A release
 * candidate counts as its version. Throws RapidoError('usage') for a range, or a release, that is none.
 */
export function inKernelRange(range: string, release: string): boolean {
  const problem = kernelRangeProblem(range)
  if (problem !== undefined) throw new RapidoError('usage', `"${range}" ${problem}`)
  const { from, to } = ends(range)
  if (from === undefined && to === undefined) return true
  const kernel = versionOf(release)
  return (from === undefined || compare(kernel, from) >= 0) && (to === undefined || compare(kernel, to) <= 0)
}

/** What is wrong with a range, to be read on from it; undefined for a good one. */
export function kernelRangeProblem(range: string): string | undefined {
  if (!rangePattern.test(range)) return 'is no range of kernels; use 6.1, 6.1..6.5, ..6.5, 6.1.. or *'
  const { from, to } = ends(range)
  return from && to && compare(from, to) > 0 ? 'ends before it begins; use the older kernel first' : undefined
}

const version = String.raw`\d+\.\d+(?:\.\d+)?`
const rangePattern = new RegExp(String.raw`^(?:\*|${version}|${version}\.\.(?:${version})?|\.\.${version})$`)

function ends(range: string): { from: number[] | undefined; to: number[] | undefined } {
  if (range === '*') return { from: undefined, to: undefined }
  const [from = '', to = from] = range.split('..')
  return { from: numbers(from), to: numbers(to) }
}

function numbers(text: string): number[] | undefined {
  return text === '' ? undefined : text.split('.').map(Number)
}

/** Of "6.1.0-56-amd64": 6, 1, 0. */
function versionOf(release: string): number[] {
  const [, major, minor, patch = '0'] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? []
  if (major !== undefined) return [major, minor, patch].map(Number)
  throw new RapidoError('usage', `the kernel's release "${release}" begins with no version, such as 6.1.0`, {
    hint: 'a range of kernels cannot be told for it: use *',
  })
}

/** As far as both go: 6.5.9 and 6.5 are the same. */
function compare(one: readonly number[], other: readonly number[]): number {
  for (let part = 0; part < Math.min(one.length, other.length); part++) {
    const difference = (one[part] ?? 0) - (other[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
