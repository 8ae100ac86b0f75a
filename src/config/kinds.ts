import { z } from 'zod'
import { addressRangeProblem, hostAddressProblem } from './addresses.js'
import { nearest } from './nearest.js'
import { kind } from './setting.js'
import { tomlValue } from './toml-value.js'
import { durationPattern, parseDurationMs, parseSizeMiB, sizePattern } from './units.js'

// The kinds of value that rapido.toml and profile.toml know. A refusal reads on from the value: "two" is not …; use …

/** A string; where a pattern narrows it, `what` and `advice` say how. */
export function text(narrowed?: { pattern: RegExp; what: string; advice: string }) {
  const advice = narrowed?.advice ?? 'use text in quotes'
  const schema = z.string({
    error: refuse('a string', (input) => (input === undefined ? advice : `use ${tomlValue(String(input))}`)),
  })
  if (narrowed === undefined) return kind(schema, 'string')
  const error = refuse(narrowed.what, () => narrowed.advice)
  return kind(schema.regex(narrowed.pattern, { error }), 'string')
}

const pathPattern = /^(?!~[^/])[^\0]+$/

/** A path on the host; absolute once the file it stands in was read (layers.ts). */
export function path() {
  const error = refuse('a path', () => 'use a path such as "~/linux" (~ is your own home folder, never another\'s)')
  return kind(z.string({ error }).regex(pathPattern, { error }), 'path')
}

/** A program: a name to find on PATH or, with a slash in it, a path. */
export function program() {
  const error = refuse('a program', () => 'use a name on your PATH, or a path such as "~/bin/program"')
  return kind(z.string({ error }).regex(pathPattern, { error }), 'program')
}

/** A size such as "512M"; MiB once read. */
export function size(limits: { fromMiB: number }) {
  const error = refuse('a size', () => 'use a size such as 512M or 4G, in quotes')
  const schema = z
    .string({ error })
    .regex(sizePattern, { error })
    .transform((written, context) => {
      const mebibytes = parseSizeMiB(written)
      if (mebibytes !== undefined && mebibytes >= limits.fromMiB) return mebibytes
      return refuseTo(context, `is too small, or no whole number of MiB; use ${limits.fromMiB}M or more`)
    })
  return kind(schema, 'size')
}

const durationAdvice = 'use a duration such as 90s, 10m or 1h30m in quotes, at most 24d'

/** A duration such as "90s"; milliseconds once read. */
export function duration() {
  const error = refuse('a duration', () => durationAdvice)
  const schema = z
    .string({ error })
    .regex(durationPattern, { error })
    .transform((written, context) => parseDurationMs(written) ?? refuseTo(context, error({})))
  return kind(schema, 'duration')
}

/** A duration, or "none"; milliseconds once read, undefined for none. */
export function limit() {
  const error = refuse('a duration', () => `${durationAdvice}, or "none"`)
  const schema = z
    .string({ error })
    .regex(new RegExp(`^none$|${durationPattern.source}`), { error })
    .transform((written, context) => {
      return written === 'none' ? undefined : (parseDurationMs(written) ?? refuseTo(context, error({})))
    })
  return kind(schema, 'duration or "none"')
}

/** A whole number within limits. */
export function integer(limits: { from: number; to: number }) {
  const range = `from ${limits.from} to ${limits.to}`
  const error = refuse(`a whole number ${range}`, () => 'use a number, without quotes')
  return kind(z.int({ error }).min(limits.from, { error }).max(limits.to, { error }), `number ${range}`)
}

/** true or false. */
export function flag() {
  return kind(z.boolean({ error: refuse('true or false', () => 'use true or false, without quotes') }), 'boolean')
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  const error = refuse('known', (input) => {
    const meant = typeof input === 'string' ? nearest(input, words) : undefined
    return meant === undefined ? `use one of ${words.map(tomlValue).join(', ')}` : `did you mean ${tomlValue(meant)}?`
  })
  return kind(z.enum(words, { error }), words.map(tomlValue).join(', '))
}

/** A list; a string in its place is answered with the list that was probably meant. */
export function list<Element extends z.ZodType>(
  element: Element,
  options: { of: string; such: string; least?: number },
) {
  const error = refuse(`a list of ${options.of}`, (input) => {
    const words = typeof input === 'string' ? input.split(/\s+/).filter((word) => word !== '') : []
    return `use ${words.length > 0 ? tomlValue(words) : options.such}`
  })
  const least = options.least ?? 0
  const few = () => `has too few ${options.of}; use ${options.such}`
  return kind(z.array(element, { error }).min(least, { error: few }), `list of ${options.of}`)
}

/** A list of strings without control characters, which no command line takes well. */
export function texts(such: string) {
  const element = {
    pattern: /^\P{Cc}*$/u,
    what: 'one line of text',
    advice: 'leave out line breaks and control characters',
  }
  return list(text(element), { of: 'strings', such })
}

/** What stands in a variable of the environment. */
export const environmentText = {
  pattern: /^[^\0]*$/,
  what: 'text',
  advice: 'leave out the NUL, which no environment can hold',
}

/** Variables for the guest's environment. */
export function environment(value = text(environmentText)) {
  const name = z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'use letters, digits and _ in the name of a variable' })
  const error = refuse('a table of strings', () => 'use a table such as { LANG = "C.UTF-8" }')
  return kind(z.record(name, value, { error }), 'string')
}

/** An address of one host with the length of its network's prefix: "192.168.155.1/24", "fd00::1/64". */
export function hostAddress(family: 4 | 6) {
  const such = family === 4 ? '"192.168.155.1/24"' : '"fd00:155::1/64"'
  const advice = () => `use the address of a host and the length of its network, such as ${such}`
  const error = refuse(`an IPv${family} address with its network`, advice)
  const schema = z.string({ error }).superRefine((written, context) => {
    const problem = hostAddressProblem(written, family)
    if (problem !== undefined) context.addIssue(`${problem}; ${advice()}`)
  })
  return kind(schema, `IPv${family} address`)
}

/** Two IPv4 addresses with a comma between them, the lower one first. */
export function addressRange() {
  const advice = () => 'use its first and its last address, such as "192.168.155.200,192.168.155.250"'
  const schema = z.string({ error: refuse('a range of addresses', advice) }).superRefine((written, context) => {
    const problem = addressRangeProblem(written)
    if (problem !== undefined) context.addIssue(`${problem}; ${advice()}`)
  })
  return kind(schema, 'range of IPv4 addresses')
}

/** An address of a network card: an even first byte, for an odd one is a group's. */
export function macAddress() {
  const pattern = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i
  const advice = 'use six pairs of hexadecimal digits with colons, the first one even, such as "02:00:00:00:00:01"'
  return text({ pattern, what: 'the MAC address of one card', advice })
}

function refuse(what: string, advice: (input: unknown) => string) {
  return (issue: { input?: unknown }) => `is not ${what}; ${advice(issue.input)}`
}

/** Ends a transform with a refusal. */
function refuseTo(context: z.RefinementCtx, message: string): never {
  context.addIssue(message)
  return z.NEVER
}
