import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PtyProcess } from '../../../src/host/pty-process.js'
import { Console } from '../../../src/machine/console.js'

let folder: string
let log: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-console-'))
  log = join(folder, 'console.log')
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A pty without a process behind it: `say` is its output. */
function fakePty() {
  const listeners: ((chunk: Buffer) => void)[] = []
  const seen = { written: [] as string[], resized: [] as unknown[], paused: 0, resumed: 0 }
  const pty: PtyProcess = {
    pid: 0,
    ended: new Promise(() => {}),
    onData: (listener) => void listeners.push(listener),
    write: (data) => void seen.written.push(data.toString()),
    resize: (size) => void seen.resized.push(size),
    drain: () => {},
    pause: () => void seen.paused++,
    resume: () => void seen.resumed++,
    kill: () => {},
  }
  const say = (chunk: string | Buffer) => {
    for (const listener of listeners) listener(Buffer.from(chunk as string))
  }
  return { pty, seen, say }
}

describe('the last lines', () => {
  test.each<[string, string[], number, string[]]>([
    ['nothing was said', [], 3, []],
    ['fewer than asked for', ['one\r\ntwo\r\n'], 3, ['one', 'two']],
    ['more than asked for', ['one\r\ntwo\r\nthree'], 2, ['two', 'three']],
    ['empty ones do not count', ['one\r\n\r\n  \r\n\n'], 1, ['one']],
    ['colours and cursors are gone', ['\x1b[1;31mred\x1b[0m \x1b[2Kend\r\n'], 1, ['red end']],
    ['a line may come in pieces, cut in a character', ['on', 'e gr\xc3', '\xbcn'], 1, ['one grün']],
  ])('%s', (_, chunks, count, lines) => {
    const { pty, say } = fakePty()
    const console = new Console(pty, log)
    for (const chunk of chunks) say(Buffer.from(chunk, 'latin1'))
    expect(console.lastLines(count)).toEqual(lines)
  })
})

test('what was said last is kept as it came, and no more than that', () => {
  const { pty, say } = fakePty()
  const console = new Console(pty, log)
  for (let i = 0; i < 2000; i++) say(`${String(i).padStart(6, '0')}\x1b[0m ${'x'.repeat(86)}\r\n`) // 100 bytes each
  const recent = console.recent().toString()
  expect(recent.length).toBeGreaterThanOrEqual(64 * 1024)
  expect(recent.length).toBeLessThan(66 * 1024)
  expect(recent.endsWith(`001999\x1b[0m ${'x'.repeat(86)}\r\n`)).toBe(true)
})

test('a listener hears what comes from now on, until it is removed', () => {
  const { pty, say } = fakePty()
  const console = new Console(pty, log)
  const heard: string[] = []
  say('before')
  const stopOne = console.listen((chunk) => heard.push(`one ${chunk}`))
  console.listen((chunk) => heard.push(`two ${chunk}`))
  say('a')
  stopOne()
  stopOne()
  say('b')
  expect(heard).toEqual(['one a', 'two a', 'two b'])
})

test('the log is whole when the console is closed, and for this user only', async () => {
  const { pty, say } = fakePty()
  const console = new Console(pty, log)
  const chunks = Array.from({ length: 500 }, (_, i) => `${i} \0\xff${'y'.repeat(1000)}\r\n`)
  for (const chunk of chunks) say(Buffer.from(chunk, 'latin1'))
  await console.close()
  expect(readFileSync(log, 'latin1')).toBe(chunks.join(''))
  expect(statSync(log).mode & 0o777).toBe(0o600)
  expect(console.logError).toBeUndefined()
  await console.close()
  say('afterwards') // a late word of QEMU's: no error
})

test('a disk that cannot keep up holds QEMU back, until it has', async () => {
  const { pty, seen, say } = fakePty()
  const console = new Console(pty, log)
  for (let i = 0; i < 6; i++) say(Buffer.alloc(1024 * 1024, 'z'))
  expect(seen.paused).toBeGreaterThan(0)
  await console.close()
  expect(statSync(log).size).toBe(6 * 1024 * 1024)
})

test.each([
  ['full', '/dev/full', 'ENOSPC'],
  ['gone', '/nowhere/console.log', 'ENOENT'],
])('a disk that is %s ends neither the console nor its readers', async (_, path, code) => {
  const { pty, seen, say } = fakePty()
  const console = new Console(pty, path)
  let heard = ''
  console.listen((chunk) => {
    heard += chunk
  })
  for (let i = 0; i < 6; i++) say(Buffer.alloc(1024 * 1024, 'z'))
  while (console.logError === undefined) await new Promise((resolve) => setImmediate(resolve))
  say('the end\r\n')
  expect(console.logError).toMatchObject({ code })
  expect([heard.length, console.lastLines(1)[0]?.slice(-7)]).toEqual([6 * 1024 * 1024 + 9, 'the end'])
  expect(seen.resumed).toBeGreaterThan(0)
  await console.close()
})

test('keys and the size of the window go to the pty', () => {
  const { pty, seen } = fakePty()
  const console = new Console(pty, log)
  console.write('ls\r')
  console.write(Buffer.from([3]))
  console.resize({ rows: 50, columns: 132 })
  expect(seen).toMatchObject({ written: ['ls\r', '\x03'], resized: [{ rows: 50, columns: 132 }] })
})
