import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Progress } from '../../../src/cli/progress.js'
import { type MemoryIo, memoryIo } from '../../helpers/memory-io.js'

const terminal = { rows: 24, columns: 80 }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const start = (io: MemoryIo, verbose = false) => new Progress(io, { verbose })

describe('on a terminal', () => {
  test('what takes a while is a line that moves, and vanishes', () => {
    const io = memoryIo({ terminal })
    const progress = start(io)
    progress.take({ type: 'phase', phase: 'booting' })
    vi.advanceTimersByTime(250)
    const lines = io.err().split('\r\x1b[K').slice(1)
    expect(lines).toEqual(['⠙ booting 0.1 s', '⠹ booting 0.2 s'])
    progress.done()
    expect(io.err().endsWith('\r\x1b[K')).toBe(true)
    vi.advanceTimersByTime(1000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what is fast shows nothing at all', () => {
    const io = memoryIo({ terminal })
    const progress = start(io)
    progress.take({ type: 'phase', phase: 'planning' })
    vi.advanceTimersByTime(50)
    progress.done()
    expect(io.err()).toBe('')
  })

  test('a line of ours, or of the guest, takes its place', () => {
    const io = memoryIo({ terminal })
    const progress = start(io)
    progress.take({ type: 'phase', phase: 'booting' })
    vi.advanceTimersByTime(100)
    progress.say('a note')
    expect(stripVTControlCharacters(io.err())).toMatch(/booting 0\.1 s\r?rapido: a note\n$/)
    vi.advanceTimersByTime(100)
    progress.take({ type: 'output', step: 'x', stream: 'stdout', chunk: Buffer.from('out') })
    expect([io.out(), io.err().endsWith('\r\x1b[K')]).toEqual(['out', true])
  })

  test('that is dumb, nothing moves', () => {
    const io = memoryIo({ terminal, env: { TERM: 'dumb' } })
    const progress = start(io)
    progress.take({ type: 'phase', phase: 'booting' })
    vi.advanceTimersByTime(5000)
    expect(io.err()).toBe('rapido: booting …\n')
    progress.done()
  })
})

describe('elsewhere', () => {
  test('what takes a second is one line, what is faster none', () => {
    const io = memoryIo()
    const progress = start(io)
    progress.take({ type: 'phase', phase: 'planning' })
    vi.advanceTimersByTime(900)
    progress.take({ type: 'phase', phase: 'booting' })
    vi.advanceTimersByTime(900)
    expect(io.err()).toBe('')
    vi.advanceTimersByTime(10_000)
    expect(io.err()).toBe('rapido: booting …\n')
    progress.done()
  })

  test('no escape sequence is written', () => {
    const io = memoryIo()
    const progress = start(io, true)
    progress.take({ type: 'claimed', number: 3, consoleLog: '/log' })
    vi.advanceTimersByTime(1000)
    progress.take({ type: 'note', text: 'a note' })
    progress.whisper('for few')
    progress.done()
    expect(io.err()).toBe('rapido: booting vm3 …\nrapido: a note\nrapido: for few\n')
  })
})

test("the guest's output goes where it belongs, as it is", () => {
  const io = memoryIo()
  const progress = start(io)
  progress.take({ type: 'output', step: 'x', stream: 'stdout', chunk: Buffer.from('o\x1b[0m') })
  progress.take({ type: 'output', step: 'x', stream: 'stderr', chunk: Buffer.from('e') })
  expect([io.out(), io.err()]).toEqual(['o\x1b[0m', 'e'])
})

test('what few people want is said only when asked for', () => {
  const io = memoryIo()
  start(io, false).whisper('quiet')
  expect(io.err()).toBe('')
})

test('an image says why it is built, and what it waits for', () => {
  const io = memoryIo()
  const progress = start(io)
  progress.take({ type: 'image', phase: 'building', reason: 'bash changed' } as Parameters<Progress['take']>[0])
  vi.advanceTimersByTime(1000)
  progress.take({ type: 'image', phase: 'waiting' } as Parameters<Progress['take']>[0])
  vi.advanceTimersByTime(1000)
  progress.done()
  expect(io.err()).toBe(
    'rapido: building the image (bash changed) …\nrapido: waiting for another rapido that builds this image …\n',
  )
})
