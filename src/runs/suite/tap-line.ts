/** Where a line of TAP stands: columns before it, and how many of the "# " among them kselftest's runner put there. */
export interface TapPlace {
  width: number
  hashes: number
}

/** What a line of TAP 12 to 14 or KTAP 1 says. */
export type TapLine = TapPlace &
  (
    | { kind: 'version'; ktap: boolean }
    | { kind: 'plan'; planned: number; reason: string } // the reason of "1..0 # SKIP reason"
    | TapPoint
    | { kind: 'bail-out'; reason: string }
    | { kind: 'subtest'; name: string } // "# Subtest: NAME": what follows is inside it
    | { kind: 'selftest'; name: string } // "# selftests: net: tls": the runner starts it
    | { kind: 'yaml' } // "---", indented
    | { kind: 'pragma' }
    | { kind: 'other' }
  )

/** "not ok 3 - NAME # SKIP REASON" in its pieces. */
export interface TapPoint {
  kind: 'point'
  ok: boolean
  number: number | undefined
  name: string // empty where it has none
  directive: 'skip' | 'todo' | undefined // XFAIL is a todo
  reason: string // behind the directive; of any other "# DATA" all of it: "TIMEOUT 45 seconds"
}

/** Reads a line that has lost its line end and the kernel's timestamp. */
export function readTapLine(text: string): TapLine {
  const place = { width: 0, hashes: 0 }
  let rest = text
  for (;;) {
    const blanks = rest.length - rest.trimStart().length
    place.width += columns(rest.slice(0, blanks))
    rest = rest.slice(blanks)
    const found = content(rest, { indented: blanks > 1 })
    if (found) return { ...found, ...place }
    if (place.hashes === maxHashes || !rest.startsWith('# ')) return { kind: 'other', ...place }
    place.width += 2
    place.hashes += 1
    rest = rest.slice(2)
  }
}

/** Takes off what the kernel and a console put around a line: "[   12.345678][    T1] ", and carriage returns. */
export function bareLine(line: string): string {
  return line.replace(/\r+$/, '').replace(/^(?:<\d{1,3}>)?\[ *\d+\.\d{6}\](?: ?\[ *[CT]\d+\])?(?: |$)/, '')
}

const maxHashes = 8 // a program that ran one that ran one …

function columns(blanks: string): number {
  return blanks.length + 3 * (blanks.split('\t').length - 1) // KUnit before Linux 5.13 indents by tabs
}

type Content = TapLine extends infer Line ? (Line extends TapPlace ? Omit<Line, keyof TapPlace> : never) : never

function content(rest: string, { indented }: { indented: boolean }): Content | undefined {
  if (!/^(?:ok|not ok|1\.\.|K?TAP |bail out!|# |---$|pragma )/i.test(rest)) return undefined
  const point = /^(not )?ok(?: +(\d+))?(?=\s|$)(.*)$/.exec(rest)
  if (point) return readPoint(point[1] === undefined, point[2], point[3] as string)
  const plan = /^1\.\.(\d+)(?:\s+#\s*(?:skip\S*)?\s*(.*))?$/i.exec(rest.trimEnd())
  if (plan) return { kind: 'plan', planned: Number(plan[1]), reason: plan[2] ?? '' }
  const version = /^(K?)TAP version \d+\s*$/i.exec(rest)
  if (version) return { kind: 'version', ktap: version[1] !== '' }
  const bailOut = /^Bail out!\s*(.*)$/i.exec(rest)
  if (bailOut) return { kind: 'bail-out', reason: (bailOut[1] as string).trimEnd() }
  const subtest = /^# Subtest(?:: (.*))?$/.exec(rest)
  if (subtest) return { kind: 'subtest', name: unescaped(subtest[1] ?? '') }
  const selftest = /^# (selftests: \S+: \S+)\s*$/.exec(rest)
  if (selftest) return { kind: 'selftest', name: selftest[1] as string }
  if (rest === '---' && indented) return { kind: 'yaml' }
  return /^pragma [+-]\w/.test(rest) ? { kind: 'pragma' } : undefined
}

function readPoint(ok: boolean, number: string | undefined, text: string): TapPoint {
  const { name, directive, reason } = atDirective(text)
  const described = unescaped(name.trim().replace(/^-(?:\s+|$)/, ''))
  // Since Linux 7.0 the runner prints "ok 1 3 selftests: net: tls": the second number is the test's.
  const second = /^(\d+) (selftests: .*)$/.exec(described)
  const own = second?.[1] ?? number
  return {
    kind: 'point',
    ok,
    number: own === undefined ? undefined : Number(own),
    name: second?.[2] ?? described,
    directive,
    reason: reason.trim(),
  }
}

/** Cuts "NAME # SKIP REASON" in two. A "#" that no directive follows begins data, if blanks stand around it. */
function atDirective(text: string): Pick<TapPoint, 'name' | 'directive' | 'reason'> {
  let data: number | undefined
  for (let at = text.indexOf('#'); at >= 0; at = text.indexOf('#', at + 1)) {
    if (at > 0 && !/\s/.test(text[at - 1] as string)) continue
    const behind = text.slice(at + 1).trimStart()
    const found = /^(todo & skip|skip\S*|(?:todo|xfail)(?=[\s:]|$)):?(.*)$/i.exec(behind)
    if (found) {
      const directive = /^skip/i.test(found[1] as string) ? 'skip' : 'todo'
      return { name: text.slice(0, at), directive, reason: found[2] as string }
    }
    if (text[at + 1] === ' ') data ??= at
  }
  if (data === undefined) return { name: text, directive: undefined, reason: '' }
  return { name: text.slice(0, data), directive: undefined, reason: text.slice(data + 1) }
}

/** TAP 14 writes "\#" for "#" and "\\" for "\" in names. */
function unescaped(name: string): string {
  return name.replace(/\\([\\#])/g, '$1')
}
