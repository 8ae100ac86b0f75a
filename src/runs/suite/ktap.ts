import type { Subtest } from '../../report/suite-result.js'
import { TapDiagnostics } from './tap-diagnostics.js'
import { TapLevels } from './tap-levels.js'
import { bareLine, readTapLine, type TapPlace, type TapPoint } from './tap-line.js'

/** What a stream of TAP or KTAP told. */
export interface TapResult {
  subtests: Subtest[] // points with none inside; and one around others that failed, say, where none of those did
  planned: number | undefined // points at the top
  problems: string[] // what does not add up: "planned 5, saw 3", "number 4 missing"
  bailedOut: string | undefined // why; may be empty
  status: 'pass' | 'fail' | 'skip'
  reason: string // of "1..0 # SKIP reason"; else empty
}

/** Told of each finished point at the top, with what is inside it. The reason of one that failed may still grow. */
export type OnPoint = (point: Subtest, inside: Subtest[]) => void

const maxLine = 64 * 1024
const gluedResult = /^(?!(?:# |\s)*(?:not )?ok\s)(.+?)((?:not )?ok \d+ (?:\d+ )?(selftests: \S+: \S+)(?: #.*)?)$/

/**
 * Reads TAP 12 to 14 and KTAP 1 as it comes, cut anywhere: nested by indentation or, as by kselftest's runner, by "# ",
 * with or without the kernel's timestamps, with junk in between.
 */
export class TapReader {
  #onPoint: OnPoint
  #partial = ''
  #isKtap = false
  #levels = new TapLevels()
  #said = new TapDiagnostics()
  #bailedOut: string | undefined
  #selftest: string | undefined // that the runner has started

  constructor(options: { onPoint?: OnPoint } = {}) {
    this.#onPoint = options.onPoint ?? (() => {})
  }

  feed(text: string): void {
    const lines = (this.#partial + text).split('\n')
    this.#partial = (lines.pop() as string).slice(0, maxLine)
    for (const line of lines) for (const part of this.#apart(bareLine(line.slice(0, maxLine)))) this.#line(part)
  }

  /** Where a selftest's output ends without a line end, the runner's result of it stands behind that, on its line. */
  #apart(line: string): string[] {
    if (this.#selftest === undefined || !line.includes(this.#selftest)) return [line]
    const [, said = '', result = '', name] = gluedResult.exec(line) ?? []
    return name === this.#selftest ? [said, result] : [line]
  }

  /** No more comes. */
  end(): TapResult {
    this.feed('\n')
    this.#levels.end()
    const { top } = this.#levels
    const nothing = top.count.isEmpty && top.points.length === 0
    const wrong = this.#bailedOut !== undefined ? [] : nothing ? ['no test points'] : top.count.problems()
    const failed =
      wrong.length > 0 || this.#bailedOut !== undefined || top.points.some(({ status }) => status === 'fail')
    const skipped = top.points.every(({ status }) => status === 'skip') // in 1..0 there are none
    return {
      subtests: top.points,
      planned: top.count.planned,
      problems: [...wrong, ...this.#levels.problems],
      bailedOut: this.#bailedOut,
      status: failed ? 'fail' : skipped ? 'skip' : 'pass',
      reason: top.reason,
    }
  }

  #line(text: string): void {
    if (this.#said.takeYaml(text)) return
    const line = readTapLine(text)
    const inComment = line.hashes > 0
    switch (line.kind) {
      case 'version':
        this.#isKtap ||= line.ktap
        return this.#levels.enter(line).count.version()
      case 'plan':
        if (inComment && !this.#levels.takes(line, { numbered: true })) return this.#said.add(text)
        return this.#plan(line)
      case 'point': {
        const numbered = line.number !== undefined
        const isMeant = (numbered || !this.#isKtap) && this.#levels.takes(line, { numbered })
        return isMeant ? this.#point(line) : this.#said.add(text)
      }
      case 'subtest':
        return this.#levels.subtest(line.name, line)
      case 'selftest':
        if (inComment || line.width > 0) return this.#said.add(text)
        this.#said.take() // "timeout set to 45"
        this.#selftest = line.name
        return this.#levels.selftest(line.name)
      case 'bail-out': // in a comment it is that selftest's end; the next ones come
        if (inComment) return this.#said.add(text)
        this.#bailedOut ??= line.reason
        return
      case 'yaml':
        return this.#said.beginYaml(text)
      case 'other':
        return this.#said.add(text)
    }
  }

  #plan(line: TapPlace & { planned: number; reason: string }): void {
    const level = this.#levels.enter(line)
    level.count.plan(line.planned)
    level.reason = line.planned === 0 ? line.reason : ''
  }

  #point(line: TapPoint & TapPlace): void {
    const { level, inside: inner, name: header } = this.#levels.enterResult(line)
    const number = level.count.point(line.number, /^selftests: ([^:]+):/.exec(line.name)?.[1] ?? '')
    const point: Subtest = {
      name: line.name || header || line.reason || String(number),
      status: line.directive ?? (line.ok ? 'pass' : 'fail'),
      reason: '',
    }
    point.reason = reasonOf(point, line.reason, { said: this.#said.take(), plan: inner?.reason ?? '' })
    if (inner) this.#levels.report(inner.count.problems(), point.name)
    const inside = this.#agree(point, inner?.points ?? [])
    this.#said.follow(point)
    if (level === this.#levels.top) this.#onPoint(point, inside)
    for (const each of inside) level.points.push({ ...each, name: `${point.name}/${each.name}` })
    const isTold = inside.some(({ status }) => status === point.status || point.status === 'pass')
    if (!isTold) level.points.push(point)
  }

  /** KTAP: what has a failed point inside has failed. TAP: a todo never fails, nor does what is inside it. */
  #agree(point: Subtest, inside: Subtest[]): Subtest[] {
    if (point.status === 'todo') {
      return inside.map((each) => (each.status === 'fail' ? { ...each, status: 'todo' } : each))
    }
    const failed = inside.find(({ status }) => status === 'fail')
    if (failed && point.status !== 'fail') {
      this.#levels.report([`told as a ${point.status}, but ${failed.name} in it failed`], point.name)
      point.status = 'fail'
    }
    return inside
  }
}

function reasonOf({ status }: Subtest, reason: string, { said, plan }: { said: string; plan: string }): string {
  switch (status) {
    case 'pass':
      return ''
    case 'todo':
      return reason
    case 'skip': // kselftest's runner knows none: the test told it, somewhere
      return reason || plan || (said.split('\n').findLast((line) => /skip/i.test(line)) ?? '').trim()
    case 'fail':
      return [reason, said].filter((text) => text !== '').join('\n')
  }
}
