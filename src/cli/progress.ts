import { styleText } from 'node:util'
import type { Phase, RunEvent } from '../runs/events.js'
import type { Io } from './io.js'
import { LinePrefix } from './line-prefix.js'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

const sentences: Partial<Record<Phase, string>> = {
  planning: 'looking at this host',
  image: 'checking the image',
  booting: 'booting',
  stopping: 'powering off',
}

/**
 * Tells of a run on stderr, and passes on what the guest's commands print. On a terminal, what takes a while shows as a
 * line that moves and vanishes; elsewhere as one line, and only once it has taken a second.
 */
export class Progress {
  readonly #io: Io
  readonly #live: boolean
  readonly #verbose: boolean
  #timer: NodeJS.Timeout | undefined
  #sentence: string | undefined
  #since = 0
  #shown = false
  readonly #prefixes = new Map<string, LinePrefix>()

  constructor(io: Io, options: { verbose: boolean }) {
    this.#io = io
    this.#verbose = options.verbose
    this.#live = io.stderr.isTTY === true && io.env.TERM !== 'dumb'
  }

  /** Takes an event of a run. */
  readonly take = (event: RunEvent): void => {
    switch (event.type) {
      case 'phase':
        return this.#begin(sentences[event.phase])
      case 'image':
        return this.#image(event)
      case 'claimed':
        return this.#begin(`booting vm${event.number}`)
      case 'ceph':
        return this.#begin(event.what)
      case 'note':
        return this.say(event.text)
      case 'incident':
        return this.say(
          `${event.role === undefined ? '' : `${event.role}: `}the kernel reported: ${event.incident.title}`,
        )
      case 'step':
        this.clear()
        this.#io.stderr.write(
          `${event.passed ? 'ok  ' : 'FAIL'}  ${event.name}  ${(event.durationMs / 1000).toFixed(1)} s\n`,
        )
        return
      case 'output':
        this.clear()
        if (event.role === undefined) this.#io[event.stream].write(event.chunk)
        else this.#lines(event.role, event.stream).write(event.chunk)
    }
  }

  /** What one of several machines prints comes in whole lines, each with its role before it. */
  #lines(role: string, stream: 'stdout' | 'stderr'): LinePrefix {
    const key = `${role} ${stream}`
    const lines = this.#prefixes.get(key) ?? new LinePrefix(`${role}: `, this.#io[stream])
    this.#prefixes.set(key, lines)
    return lines
  }

  /** Writes a line of ours to stderr. */
  say(text: string): void {
    this.clear()
    this.#io.stderr.write(`${this.#dim('rapido:')} ${text}\n`)
  }

  /** A note that few people want. */
  whisper(text: string): void {
    if (this.#verbose) this.say(text)
  }

  /** Ends what is shown as going on. */
  done(): void {
    for (const lines of this.#prefixes.values()) lines.end()
    this.#begin(undefined)
  }

  clear(): void {
    if (this.#shown && this.#live) this.#io.stderr.write('\r\x1b[K')
    this.#shown = false
  }

  #image(event: Extract<RunEvent, { type: 'image' }>): void {
    if (event.phase === 'building') this.#begin(`building the image${event.reason ? ` (${event.reason})` : ''}`)
    if (event.phase === 'waiting') this.#begin('waiting for another rapido that builds this image')
  }

  #begin(sentence: string | undefined): void {
    clearInterval(this.#timer)
    this.clear()
    this.#sentence = sentence
    this.#since = performance.now()
    if (sentence === undefined) return
    this.#timer = setInterval(() => this.#tick(), this.#live ? 100 : 1000)
    this.#timer.unref()
  }

  #tick(): void {
    const seconds = (performance.now() - this.#since) / 1000
    if (this.#live) {
      const frame = frames[Math.floor(seconds * 10) % frames.length]
      this.#io.stderr.write(`\r\x1b[K${frame} ${this.#sentence} ${seconds.toFixed(1)} s`)
      this.#shown = true
    } else {
      this.say(`${this.#sentence} …`)
      clearInterval(this.#timer)
    }
  }

  #dim(text: string): string {
    return this.#live ? styleText('dim', text) : text
  }
}
