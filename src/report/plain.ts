import { stripVTControlCharacters } from 'node:util'

// Controls, halves of surrogate pairs, and the two characters that are none.
const illegal = /[^\P{Cc}\t\n]|\p{Cs}|[\ufffe\uffff]/gu
const cut = '[… cut]\n'

/** Characters of an output that a report has at most. */
export const maxOutput = 64 * 1024

/** Text for a file or a terminal: no escape sequences, nothing XML 1.0 forbids, line ends as here. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\r\n?/g, '\n').replace(illegal, '')
}

/** Text on one line, at most 300 characters of it. */
export function oneLine(text: string, maxLength = 300): string {
  const line = plain(text).replace(/\s+/g, ' ').trim()
  return line.length <= maxLength ? line : `${plain(line.slice(0, maxLength - 1)).trimEnd()}…`
}

/** The end of a text that is too long, from the start of a line where one is near. */
export function tail(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const end = text.slice(cut.length - maxLength)
  const lineEnd = end.indexOf('\n')
  return `${cut}${lineEnd < end.length / 2 ? end.slice(lineEnd + 1) : end}`
}

/** "0.4 s", "75 s", "12 min 5 s", "2 h 5 min". */
export function duration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** "1 test", "2 tests". */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
