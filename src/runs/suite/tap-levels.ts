import type { Subtest } from '../../report/suite-result.js'
import { TapCount } from './tap-count.js'
import type { TapPlace } from './tap-line.js'

/** The points at one depth, until the point around them has its result. */
export interface TapLevel extends TapPlace {
  name: string | undefined // where a header tells of it before the result does
  points: Subtest[] // those further in are here, too, by their names below this level
  count: TapCount
  reason: string // of its "1..0 # SKIP reason"
}

const maxProblems = 100

/** The levels of a stream that are open, the top first. */
export class TapLevels {
  top: TapLevel = newLevel({ width: 0, hashes: 0 })
  readonly problems: string[] = [] // of all levels but the top
  #inner: TapLevel[] = []
  #begun: { name: string; isSelftest: boolean } | undefined // a header told of it; nothing of it came yet

  /** Where a point may stand: not one column further in than another, and in comments only where TAP was seen. */
  takes(place: TapPlace, { numbered }: { numbered: boolean }): boolean {
    const around = [this.top, ...this.#inner].findLast(({ width }) => width <= place.width) ?? this.top
    if (around.width === place.width && around.hashes === place.hashes) return numbered || place.hashes === 0
    if (!numbered || place.width < around.width + 2) return false
    return around.hashes === place.hashes || (place.hashes === 1 && this.#begun?.isSelftest === true)
  }

  /** The level of a line that is no point; a new one where there is none. Those further in are left without a result. */
  enter(place: TapPlace): TapLevel {
    this.#abandon(place.width)
    const level = this.#innermost()
    return place.width < level.width + 2 ? level : this.#begin(place)
  }

  /** The level of a point, the one inside that it is the result of, and what a header called that. */
  enterResult(place: TapPlace): { level: TapLevel; inside: TapLevel | undefined; name: string | undefined } {
    const inside = this.#leave(place.width)
    const around = this.#innermost()
    const level = place.width < around.width + 2 ? around : this.#begin(place)
    const name = inside?.name ?? this.#begun?.name
    this.#begun = undefined
    return { level, inside, name }
  }

  /** Test::More's header stands on the level around the one that it names; KUnit's on that itself, behind the version. */
  subtest(name: string, place: TapPlace): void {
    const wasBegun = this.#begun !== undefined
    const depth = this.#inner.length
    const level = this.enter(place)
    const isNew = this.#inner.length > depth
    const isUnnamed = level !== this.top && level.name === undefined && level.count.isEmpty
    if (isNew ? !wasBegun : isUnnamed) level.name = name
    else this.#begun = { name, isSelftest: false }
  }

  /** kselftest's runner starts a test. The one before it should have its result. */
  selftest(name: string): void {
    this.end()
    this.#begun = { name, isSelftest: true }
  }

  /** No more comes: what is open has no result. */
  end(): void {
    const [first, second] = this.#inner
    if (first && !second && first.name === undefined && this.top.count.isEmpty && this.top.points.length === 0) {
      this.top = first // all of it was indented
      this.#inner = []
    }
    this.#abandon(this.top.width)
    if (this.#begun) this.top.points.push(noResult(this.#begun.name))
    this.#begun = undefined
  }

  report(problems: string[], name: string): void {
    for (const problem of problems) {
      if (this.problems.length < maxProblems) this.problems.push(`${name}: ${problem}`)
    }
  }

  #innermost(): TapLevel {
    return this.#inner.at(-1) ?? this.top
  }

  #begin(place: TapPlace): TapLevel {
    const level = newLevel(place, this.#begun?.name)
    this.#begun = undefined
    this.#inner.push(level)
    return level
  }

  /** Takes away the levels further in; returns the outermost of them, with the points of all. */
  #leave(width: number): TapLevel | undefined {
    let left: TapLevel | undefined
    while (this.#innermost().width > width && this.#inner.length > 0) {
      const around = this.#inner.pop() as TapLevel
      if (left) this.#merge(left, around)
      left = around
    }
    return left
  }

  #abandon(width: number): void {
    const left = this.#leave(width)
    if (!left) return
    const around = this.#innermost()
    this.#merge(left, around)
    around.points.push(noResult(left.name ?? 'a subtest'))
  }

  #merge(from: TapLevel, into: TapLevel): void {
    const name = from.name ?? 'a subtest'
    this.report([...from.count.problems(), 'no result'], name)
    for (const point of from.points) into.points.push({ ...point, name: `${name}/${point.name}` })
  }
}

function newLevel({ width, hashes }: TapPlace, name?: string): TapLevel {
  return { width, hashes, name, points: [], count: new TapCount(), reason: '' }
}

function noResult(name: string): Subtest {
  return { name, status: 'fail', reason: 'no result: the output ends in it' }
}
