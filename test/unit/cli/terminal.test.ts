import { afterEach, describe, expect, test, vi } from 'vitest'
import { attachTerminal, windowSize } from '../../../src/cli/terminal.js'
import { memoryIo } from '../../helpers/memory-io.js'

const size = { rows: 50, columns: 132 }
const turns = () => new Promise((resolve) => setTimeout(resolve, 5))

afterEach(() => {
  vi.useRealTimers()
})

/** A terminal tied to a console, where Ctrl-A d detaches unless told otherwise. */
function attached(options: { piped?: boolean; detaches?: boolean } = {}) {
  const io = memoryIo(options.piped ? {} : { terminal: size })
  const seen = { typed: '', sizes: [] as unknown[], detached: 0 }
  const restore = attachTerminal(io, {
    write: (data) => {
      seen.typed += data.toString('latin1')
    },
    resize: (to) => void seen.sizes.push(to),
    ...(options.detaches === false ? {} : { detach: () => void seen.detached++ }),
  })
  return { io, seen, restore }
}

describe('keys', () => {
  test.each<[string, string[], { typed: string; detached: number }]>([
    ['go through raw', ['ls\r', '\x03\x04\x1a\x1b[A'], { typed: 'ls\r\x03\x04\x1a\x1b[A', detached: 0 }],
    ['Ctrl-A d detaches', ['a\x01db'], { typed: 'ab', detached: 1 }],
    ['Ctrl-A d detaches, typed slowly', ['a\x01', 'd'], { typed: 'a', detached: 1 }],
    ['d alone is a letter', ['d\x01', 'c', 'd'], { typed: 'd\x01cd', detached: 0 }],
    ["Ctrl-A c and x are QEMU's", ['\x01c', '\x01', 'x'], { typed: '\x01c\x01x', detached: 0 }],
    ["Ctrl-A Ctrl-A is QEMU's too, and what follows no detach", ['\x01\x01d'], { typed: '\x01\x01d', detached: 0 }],
    ['Ctrl-A three times, then d', ['\x01', '\x01', '\x01', 'd'], { typed: '\x01\x01', detached: 1 }],
    ['Ctrl-A waits for what follows', ['\x01'], { typed: '', detached: 0 }],
    ['bytes of a character stay together', ['gr\xc3\xbcn'], { typed: 'gr\xc3\xbcn', detached: 0 }],
  ])('%s', async (_, chunks, expected) => {
    const { io, seen, restore } = attached()
    for (const chunk of chunks) {
      io.stdin.write(Buffer.from(chunk, 'latin1'))
      await turns()
    }
    restore()
    expect(seen).toMatchObject(expected)
  })

  test('Ctrl-A d is nothing special where nobody can detach', async () => {
    const { io, seen, restore } = attached({ detaches: false })
    io.stdin.write('\x01d')
    await turns()
    restore()
    expect(seen.typed).toBe('\x01d')
  })
})

describe('input that is piped', () => {
  test('goes through, and its end is Ctrl-D, until the shell has seen it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { io, seen, restore } = attached({ piped: true, detaches: false })
    io.stdin.end('echo hi\n')
    await turns()
    expect(seen.typed).toBe('echo hi\n\x04')
    vi.advanceTimersByTime(2000)
    expect(seen.typed).toBe('echo hi\n\x04\x04\x04')
    restore()
    expect([vi.getTimerCount(), io.raw]).toEqual([0, []])
  })

  test('detaches at its end, where one can', async () => {
    const { io, seen, restore } = attached({ piped: true })
    io.stdin.end('ls\n')
    await turns()
    restore()
    expect(seen).toMatchObject({ typed: 'ls\n', detached: 1 })
  })

  test('that has ended before is at its end for the next console too', async () => {
    const { io, restore } = attached({ piped: true, detaches: false })
    io.stdin.end('reboot\n')
    await turns()
    restore()
    const typed: string[] = []
    attachTerminal(io, { write: (data) => typed.push(`${data}`), resize: () => {} })()
    expect(typed).toEqual(['\x04'])
  })
})

test('a second console, after a reboot, hears the keys again', async () => {
  const { io, restore } = attached()
  restore()
  const typed: string[] = []
  const restoreAgain = attachTerminal(io, { write: (data) => typed.push(`${data}`), resize: () => {} })
  io.stdin.write('again')
  await turns()
  restoreAgain()
  expect([typed, io.raw]).toEqual([['again'], [true, false, true, false]])
})

test('the terminal is raw while it is tied to a console, and ordinary again afterwards', async () => {
  const { io, seen, restore } = attached()
  expect(io.raw).toEqual([true])
  restore()
  expect(io.raw).toEqual([true, false])
  expect([io.stdin.listenerCount('data'), io.stdin.isPaused()]).toEqual([0, true])
  io.stdin.write('late')
  io.stdout.emit('resize')
  await turns()
  expect(seen).toEqual({ typed: '', sizes: [], detached: 0 })
})

test('a window that changes its size tells the console', () => {
  const { io, seen, restore } = attached()
  Object.assign(io.stdout, { rows: 10, columns: 20 })
  io.stdout.emit('resize')
  restore()
  expect(seen.sizes).toEqual([{ rows: 10, columns: 20 }])
})

test('without a terminal the window has the usual size', () => {
  expect([windowSize(memoryIo()), windowSize(memoryIo({ terminal: size }))]).toEqual([{ rows: 24, columns: 80 }, size])
})
