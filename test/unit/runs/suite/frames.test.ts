import { expect, test } from 'vitest'
import { type SuiteEvent, SuiteFrames } from '../../../../src/runs/suite/frames.js'

const mark = '\x1etoken '

/** What comes of these chunks, texts and bytes that follow each other joined. */
function eventsOf(chunks: Buffer[]): SuiteEvent[] {
  const frames = new SuiteFrames('token')
  const events: SuiteEvent[] = []
  for (const event of chunks.flatMap((chunk) => [...frames.feed(chunk)])) {
    const last = events.at(-1)
    if (event.type === 'text' && last?.type === 'text') last.text += event.text
    else if (event.type === 'bytes' && last?.type === 'bytes') last.bytes = Buffer.concat([last.bytes, event.bytes])
    else events.push(event)
  }
  return events
}

const whole = (text: string) => eventsOf([Buffer.from(text)])

const full = `${mark}end 0 0\n\x1etok\x1e\0 of it\n` // bytes of a file

/** A run as suite-run tells it: with bytes of a file that look like its own lines, and characters of several bytes. */
const session = Buffer.from(
  `FSTYP — xfs\ngeneric/001 ${mark}start 512 generic/001\n 1s äöü\n${mark}file 28 28 generic/001.full\n` +
    `${full}${mark}file 4 9000 ü.dmesg\nabcd${mark}file 0 0 empty\n` +
    `${mark}exit 77\n\x1e\x1etoken\x1etoken?${mark}start 4097 generic/002\n${mark}end 1 4609\n`,
)

const told: SuiteEvent[] = [
  { type: 'text', text: 'FSTYP — xfs\ngeneric/001 ' },
  { type: 'start', test: 'generic/001', taint: 512 },
  { type: 'text', text: ' 1s äöü\n' },
  { type: 'file', path: 'generic/001.full', size: 28 },
  { type: 'bytes', bytes: Buffer.from(full) },
  { type: 'file', path: 'ü.dmesg', size: 9000 },
  { type: 'bytes', bytes: Buffer.from('abcd') },
  { type: 'file', path: 'empty', size: 0 },
  { type: 'exit', status: 77 },
  { type: 'text', text: '\x1e\x1etoken\x1etoken?' },
  { type: 'start', test: 'generic/002', taint: 4097 },
  { type: 'end', status: 1, taint: 4609 },
]

test('a run comes as its events; what a file holds is never taken for a line', () => {
  expect(eventsOf([session])).toEqual(told)
})

test('it does not matter where it is cut', () => {
  for (let at = 0; at <= session.length; at++) {
    expect(eventsOf([session.subarray(0, at), session.subarray(at)]), `cut at byte ${at}`).toEqual(told)
  }
})

test.each([1, 2, 3, 7, 64])('nor that it comes in pieces of %i bytes', (size) => {
  const count = Math.ceil(session.length / size)
  const pieces = Array.from({ length: count }, (_, index) => session.subarray(index * size, (index + 1) * size))
  expect(eventsOf(pieces)).toEqual(told)
})

test.each<[string, string]>([
  ['the mark of another token', '\x1eother start 0 generic/001\n'],
  ['half a mark', 'x\x1etok\n'],
  ['the token without its byte', 'token start 0 generic/001\n'],
  ['the byte alone', 'a\x1eb\x1e\x1ec\n'],
])('%s is text', (_, text) => {
  expect(whole(text)).toEqual([{ type: 'text', text }])
})

test('a line behind the mark that means nothing is text, and what follows is taken apart', () => {
  expect(whole(`${mark}frobnicate 3\n${mark}exit 0\n`)).toEqual([
    { type: 'text', text: 'frobnicate 3\n' },
    { type: 'exit', status: 0 },
  ])
})

test('text is handed on at once, but for what may be the beginning of a mark', () => {
  const frames = new SuiteFrames('token')
  const feed = (text: string) => [...frames.feed(Buffer.from(text))]
  expect(feed('generic/001 \x1etok')).toEqual([{ type: 'text', text: 'generic/001 ' }])
  expect(feed('en')).toEqual([])
  expect(feed('s')).toEqual([{ type: 'text', text: '\x1etokens' }])
})

test('the bytes of a file are handed on as they come', () => {
  const frames = new SuiteFrames('token')
  const feed = (text: string) => [...frames.feed(Buffer.from(text))]
  expect(feed(`${mark}file 6 6 a\nab`)).toEqual([
    { type: 'file', path: 'a', size: 6 },
    { type: 'bytes', bytes: Buffer.from('ab') },
  ])
  expect(feed('cdef after')).toEqual([
    { type: 'bytes', bytes: Buffer.from('cdef') },
    { type: 'text', text: ' after' },
  ])
})

test('a path has blanks, if the file has', () => {
  expect(whole(`${mark}file 0 12 generic/a file  of two\n`)).toEqual([
    { type: 'file', path: 'generic/a file  of two', size: 12 },
  ])
})
