/**
 * Keeps count of the points of one level: how many were planned and seen, and which numbers. A level may hold several
 * documents one after the other, as kselftest's runner prints one for each collection.
 */
export class TapCount {
  planned: number | undefined // in all its documents; undefined: there was no plan
  seen = 0 // likewise
  #plan: number | undefined
  #planIsLast = false
  #points = 0
  #numbers = new Map<string, { next: number; above: Set<number> }>() // all below `next` were seen
  #problems: string[] = []

  get isEmpty(): boolean {
    return this.seen === 0 && this.planned === undefined
  }

  /** A version line: a document begins. */
  version(): void {
    if (this.#plan !== undefined || this.#points > 0) this.#endDocument()
  }

  plan(planned: number): void {
    if (this.#plan !== undefined) this.#endDocument()
    this.#plan = planned
    this.#planIsLast = this.#points > 0
    this.planned = (this.planned ?? 0) + planned
  }

  /** A point, and its number; those of different `series` are counted apart. Returns the number that it has. */
  point(number: number | undefined, series: string): number {
    if (this.#planIsLast && this.#points >= (this.#plan ?? 0)) this.#endDocument()
    this.seen += 1
    this.#points += 1
    const counted = this.#numbers.get(series) ?? { next: 1, above: new Set<number>() }
    this.#numbers.set(series, counted)
    const own = number ?? counted.next
    if (own === 1 && counted.next > 1) {
      this.#missing(series) // they begin again
      this.#numbers.set(series, { next: 2, above: new Set() })
    } else if (own < counted.next || counted.above.has(own)) {
      this.#problem(series, `number ${own} twice`)
    } else {
      counted.above.add(own)
      while (counted.above.delete(counted.next)) counted.next += 1
    }
    return own
  }

  /** What does not add up, at most some thirty lines: "planned 5, saw 3", "number 4 missing". */
  problems(): string[] {
    this.#endDocument()
    return this.#problems
  }

  #endDocument(): void {
    if (this.#plan !== undefined && this.#plan !== this.#points) {
      this.#problem('', `planned ${this.#plan}, saw ${this.#points}`)
    }
    for (const series of this.#numbers.keys()) this.#missing(series)
    this.#numbers.clear()
    this.#plan = undefined
    this.#planIsLast = false
    this.#points = 0
  }

  #missing(series: string): void {
    const { next, above } = this.#numbers.get(series) as { next: number; above: Set<number> }
    let from = next
    for (const number of [...above].sort((a, b) => a - b)) {
      if (number === from + 1) this.#problem(series, `number ${from} missing`)
      else if (number > from) this.#problem(series, `numbers ${from} to ${number - 1} missing`)
      from = number + 1
    }
  }

  #problem(series: string, problem: string): void {
    if (this.#problems.length === maxProblems) this.#problems.push('and more of the kind')
    if (this.#problems.length >= maxProblems) return
    this.#problems.push(series === '' ? problem : `${series}: ${problem}`)
  }
}

const maxProblems = 30
