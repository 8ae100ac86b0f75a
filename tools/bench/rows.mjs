import { execFileSync } from 'node:child_process'
import { median } from './table.mjs'

/**
 * The rows of a group whose names match `only`, measured:
 *   group   { title, rows, measure(rounds, needed) → samples by name, maxRounds, missing() → what it is not measured without }
 *   row     { what, unit, ours, theirs, and one bound: ratio, limit, or within (how much more than theirs) }
 * `ours` and `theirs` name samples; a list of names stands for their sum.
 */
export async function rowsOf({ title, rows, measure, maxRounds, missing }, { rounds, only }) {
  const wanted = rows.filter(({ what }) => only.test(what))
  if (wanted.length === 0) return []
  const lacking = await missing?.()
  tell(lacking ? `${title}: not measured without ${lacking}` : title)
  if (lacking) return []
  const needed = new Set(wanted.flatMap(({ ours, theirs = [] }) => [ours, theirs].flat()))
  const samples = await measure(Math.min(rounds, maxRounds ?? rounds), needed)
  return wanted.map((row) => measured(row, samples))
}

/** Runs the needed ones of these again and again, one after the other; each gives its milliseconds. */
export async function inTurns(rounds, cases, needed) {
  const names = Object.keys(cases).filter((name) => needed.has(name))
  const samples = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      execFileSync('sync') // what one case leaves to be written, a snapshot say, is not the next one's to wait for
      samples[name].push(await cases[name]())
    }
  }
  return samples
}

/** Says what is going on, to who waits for it. */
export function tell(what) {
  process.stderr.write(`bench: ${what}\n`)
}

function measured({ what, unit, ours: own, theirs: other, ratio: maxRatio, limit, within }, samples) {
  const ours = sums(own, samples)
  const theirs = other && sums(other, samples)
  const ratio = theirs && median(ours) / median(theirs)
  const more = theirs && median(ours) - median(theirs)
  const bounds = [maxRatio && ratio <= maxRatio, limit && median(ours) <= limit, within && more <= within]
  const pass = bounds.find((holds) => holds !== undefined)
  return { what, unit, ours, theirs, ratio, maxRatio, limit, within, pass }
}

function sums(names, samples) {
  const lists = [names].flat().map((name) => samples[name])
  return lists[0].map((_, round) => lists.reduce((sum, list) => sum + list[round], 0))
}
