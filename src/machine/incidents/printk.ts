import type { ConsoleLine } from './lines.js'

/** What the kernel said on a console line. */
export interface Message {
  text: string // without level, timestamp and caller
  seconds: number | undefined // the kernel's clock; undefined where it prints no timestamps
  stamp: string // the timestamp as printed, '' without one
}

// "[    1.234567] ", and with CONFIG_PRINTK_CALLER "[    1.234567][  T123] ": anywhere in the line, because the
// console may stand behind a prompt or half a line of a program when the kernel speaks.
const stamped = /(?:^<\d{1,3}>)?\[( {0,11}\d{1,12}\.\d{6})\](?: ?\[[ \w/.:()@-]{1,48}\])? /
// A level, and with printk.time=0 the caller alone: "[  T123] ".
const unstamped = /^(?:<\d{1,3}>)?(?:\[ {0,9}[CT]\d{1,10}\] )?/

/**
 * Takes printk's prefix off a console line. A line without a timestamp may be the kernel's (printk.time=0) or a
 * program's; undefined where it can be no kernel line, because its beginning is missing.
 */
export function parsePrintk(line: ConsoleLine): Message | undefined {
  const prefix = stamped.exec(line.text)
  if (prefix !== null) {
    const stamp = prefix[1] as string
    return { text: line.text.slice(prefix.index + prefix[0].length), seconds: Number(stamp), stamp }
  }
  if (!line.whole) return undefined
  return { text: line.text.replace(unstamped, ''), seconds: undefined, stamp: '' }
}
