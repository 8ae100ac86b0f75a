import { stripVTControlCharacters } from 'node:util'

// Controls, halves of surrogate pairs, and the two characters that are none.
const illegal = /[^\P{Cc}\t\n]|\p{Cs}|[\ufffe\uffff]/gu

/** Text for a file or a terminal: no escape sequences, nothing XML 1.0 forbids, line ends as here. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\r\n?/g, '\n').replace(illegal, '')
}

/** The end of a text that is too long, from the start of a line where there is one. */
export function tail(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const end = text.slice(-maxLength)
  return `[… cut]\n${end.slice(end.indexOf('\n') + 1)}`
}

/** "0.4 s", "75 s", "12 min 5 s". */
export function duration(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
