import { styleText } from 'node:util'
import { formatDurationMs } from '../config/units.js'
import { count, oneLine } from '../report/plain.js'
import type { Attempt } from '../report/suite-result.js'
import { hasFailed } from '../report/suite-tests.js'
import type { RunEvent } from '../runs/events.js'
import type { SuiteRunEvent } from '../runs/suite/events.js'
import type { Io } from './io.js'

const words: Record<Attempt['status'], string> = {
  pass: 'pass',
  fail: 'FAIL',
  notrun: 'not run',
  crash: 'CRASH',
  timeout: 'HANG',
}

/**
 * Tells of a suite that runs, on stderr. On a terminal a line shows how far it is, and only what is not well stays;
 * elsewhere each test is a line, for the log of a CI.
 */
export class SuiteProgress {
  readonly #io: Io
  readonly #live: boolean
  readonly #running = new Map<number, { test: string; since: number }>()
  #timer: NodeJS.Timeout | undefined
  #since = performance.now()
  #total = 0
  #done = 0
  #doneBefore = 0
  #failed = 0
  #expectedMs: number | undefined
  #what = ''
  #shown = false

  constructor(io: Io) {
    this.#io = io
    this.#live = io.stderr.isTTY === true && io.env.TERM !== 'dumb'
    if (!this.#live) return
    this.#timer = setInterval(() => this.#draw(), 200)
    this.#timer.unref()
  }

  /** Takes an event of a VM: what takes long, and what is worth a line. */
  readonly take = (event: RunEvent): void => {
    if (event.type === 'note') this.say(event.text)
    else if (event.type === 'incident') this.say(`the kernel reported, outside of any test: ${event.incident.title}`)
    else if (event.type === 'image' && event.phase === 'building') this.#at(`building the image (${event.reason})`)
    else if (event.type === 'ceph') this.#at(event.what)
    else if (event.type === 'phase' && event.phase === 'planning') this.#at('looking at this host')
    else if (event.type === 'phase' && event.phase === 'booting') this.#at('booting')
  }

  /** Takes an event of the suite. */
  readonly tell = (event: SuiteRunEvent): void => {
    switch (event.type) {
      case 'suite-begun': {
        this.#total = event.total
        this.#done = event.done
        this.#doneBefore = event.done
        this.#expectedMs = event.expectedMs
        this.#since = performance.now()
        const before = event.done > 0 ? `, ${event.done} of them done before` : ''
        const long = event.expectedMs === undefined ? '' : `, about ${formatDurationMs(coarse(event.expectedMs))}`
        return this.say(`${count(event.total, 'test')}${before}${long}; results in ${event.folder}`)
      }
      case 'test-begun':
        this.#running.set(event.vm, { test: event.test, since: performance.now() })
        return
      case 'test-ended':
        return this.#ended(event)
      case 'vm-ended':
        this.#running.delete(event.vm)
    }
  }

  say(text: string): void {
    this.#clear()
    this.#io.stderr.write(`${this.#live ? styleText('dim', 'rapido:') : 'rapido:'} ${text}\n`)
  }

  done(): void {
    clearInterval(this.#timer)
    this.#clear()
  }

  #ended({ test, vm, attempt, again, isExcused }: Extract<SuiteRunEvent, { type: 'test-ended' }>): void {
    this.#running.delete(vm)
    if (!again) this.#done += 1
    const isWell = isExcused || attempt.status === 'pass' || attempt.status === 'notrun'
    const told = isExcused && hasFailed(attempt) ? 'excluded' : words[attempt.status]
    if (!isWell && !again) this.#failed += 1
    if (this.#live && isWell && !again) return
    this.#clear()
    const width = String(this.#total).length
    const place = `${String(this.#done).padStart(width)}/${this.#total}`
    const reason = attempt.reason === '' ? '' : `  ${oneLine(attempt.reason)}`
    const word = (again ? `again: ${told}` : told).padEnd(8)
    const seconds = `${(attempt.durationMs / 1000).toFixed(1)} s`
    this.#io.stderr.write(`${place}  ${isWell ? word : this.#red(word)} ${test}  ${seconds}${reason}\n`)
  }

  #at(what: string): void {
    if (this.#what === what) return
    this.#what = what
    if (!this.#live && what.startsWith('building')) this.say(`${what} …`)
  }

  #draw(): void {
    const tests = [...this.#running].map(([vm, { test, since }]) => {
      const name = this.#running.size > 1 ? `vm${vm} ${test}` : test
      return `${name} ${Math.floor((performance.now() - since) / 1000)} s`
    })
    const at = tests.length > 0 ? tests.join(', ') : this.#what
    const left = this.#leftMs()
    const parts = [
      this.#total > 0 ? `${this.#done}/${this.#total}` : '',
      this.#failed > 0 ? this.#red(`${this.#failed} failed`) : '',
      at,
      left === undefined ? '' : `about ${formatDurationMs(coarse(left))} left`,
    ].filter((part) => part !== '')
    const columns = this.#io.stderr.columns ?? 80
    const line = parts.join(' · ')
    this.#io.stderr.write(`\r\x1b[K${line.length > columns ? `${line.slice(0, columns - 1)}…` : line}`)
    this.#shown = true
  }

  #leftMs(): number | undefined {
    const elapsed = performance.now() - this.#since
    const done = this.#done - this.#doneBefore
    if (done >= 5) return (elapsed / done) * (this.#total - this.#done)
    return this.#expectedMs === undefined ? undefined : Math.max(0, this.#expectedMs - elapsed)
  }

  #red(text: string): string {
    return this.#live && !this.#io.env.NO_COLOR ? styleText('red', text) : text
  }

  #clear(): void {
    if (this.#shown) this.#io.stderr.write('\r\x1b[K')
    this.#shown = false
  }
}

/** To whole seconds, above two minutes to whole minutes. */
function coarse(ms: number): number {
  return ms < 120_000 ? Math.ceil(ms / 1000) * 1000 : Math.round(ms / 60_000) * 60_000
}
