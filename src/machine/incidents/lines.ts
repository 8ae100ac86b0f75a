import { StringDecoder } from 'node:string_decoder'

/** One line of the console. `number` counts from 1 as an editor does; `text` has no line end, escapes or controls. */
export interface ConsoleLine {
  number: number
  text: string
  whole: boolean // false: its beginning was dropped, so what `text` starts with is not the line's start
}

// printk cuts a record at 1024 bytes; with its prefix a kernel line always fits, and it is the last on its line.
const maxLineLength = 2048

/**
 * Cuts a console's byte stream into lines in bounded memory. Of an overlong line (a progress bar, base64, noise) the
 * end is kept: a kernel message printed behind text without a line end is still there.
 */
export class ConsoleLines {
  private readonly decoder = new StringDecoder('utf8') // a character may be cut by a chunk's end
  private rest = ''
  private restWhole = true
  private count = 0

  feed(chunk: Buffer | string): ConsoleLine[] {
    const lines: ConsoleLine[] = []
    const data = this.rest + (typeof chunk === 'string' ? chunk : this.decoder.write(chunk))
    let start = 0
    for (let end = data.indexOf('\n'); end !== -1; end = data.indexOf('\n', start)) {
      lines.push(this.line(data, start, end))
      this.restWhole = true
      start = end + 1
    }
    const from = Math.max(start, data.length - maxLineLength)
    if (from > start) this.restWhole = false
    this.rest = data.slice(from)
    return lines
  }

  /** The last line, where the stream ended without a line end. */
  end(): ConsoleLine[] {
    const data = this.rest + this.decoder.end()
    this.rest = ''
    return data === '' ? [] : [this.line(data, 0, data.length)]
  }

  private line(data: string, start: number, end: number): ConsoleLine {
    const from = Math.max(start, end - maxLineLength)
    this.count += 1
    return { number: this.count, text: printable(data.slice(from, end)), whole: this.restWhole && from === start }
  }
}

// CSI and OSC sequences, other escapes, then controls but tab. Every part is bounded: no input makes it slow.
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are made of them
  /\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\r]{0,256}(?:\x07|\x1b\\)|[ -/]{0,2}[0-~])|[\x00-\x08\x0a-\x1f\x7f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above; finding none is the common case and quick
const control = /[\x00-\x08\x0b-\x1f\x7f]/

function printable(text: string): string {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text
  return control.test(line) ? line.replace(unprintable, '') : line
}

/** The same text apart from the chunk it was cut from, which a slice keeps in memory as long as itself. */
export function owned(text: string): string {
  return Buffer.from(text).toString()
}
