import { tail } from '../../report/plain.js'
import type { Subtest } from '../../report/suite-result.js'

const maxLength = 64 * 1024

/**
 * What a stream of TAP says between its points. It belongs to the next point, as in KTAP, but for what follows a failed
 * one: a YAML block, or the "#   Failed test" of Perl's Test::More.
 */
export class TapDiagnostics {
  #before = ''
  #last: Subtest | undefined
  #explains = false
  #yaml: string | undefined // what stands before each line of the block

  /** Takes a line of an open YAML block. False: the line is none. */
  takeYaml(text: string): boolean {
    if (this.#yaml === undefined) return false
    if (text.trim() === '') return true
    const inside = text.startsWith(this.#yaml)
    const line = text.slice(this.#yaml.length).trimEnd()
    if (!inside || line === '...') this.#yaml = undefined
    else this.#explain(line)
    return inside
  }

  /** The "---" of a block. Only straight behind a point it is one. */
  beginYaml(text: string): void {
    if (this.#last) this.#yaml = text.slice(0, text.indexOf('---'))
    else this.add(text)
  }

  /** A line that is nothing else. */
  add(text: string): void {
    const line = text.trimEnd()
    if (line === '' || /^\s*(?:# )*# (?:Totals|[\w.-]+): pass:\d+ /.test(line)) return
    this.#explains =
      /^\s*(?:# )*#\s+Failed (?:\(TODO\) )?test\b/.test(line) || (this.#explains && /# {3,}\S/.test(line))
    if (this.#explains && this.#last) return this.#explain(line.replace(/^\s*(?:# )*#\s+/, ''))
    this.#last = undefined
    this.#before += `${line.replace(/^\s*(?:#(?: |$))+/, '')}\n`
    if (this.#before.length > 2 * maxLength) this.#before = tail(this.#before, maxLength)
  }

  /** All that was said since the last point, its end if it is long. */
  take(): string {
    const said = tail(this.#before.trimEnd(), maxLength)
    this.#before = ''
    return said
  }

  /** From now on explanations are this point's. */
  follow(point: Subtest): void {
    this.#last = point
    this.#explains = false
  }

  #explain(line: string): void {
    const point = this.#last
    if (point?.status !== 'fail' || point.reason.length > maxLength) return
    point.reason = point.reason === '' ? line : `${point.reason}\n${line}`
  }
}
