import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { writeAll } from '../../../src/host/write-all.js'

const turns = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('a reader with room takes it at once', async () => {
  const stream = new PassThrough({ highWaterMark: 10 })
  await writeAll(stream, Buffer.from('12345'))
  expect(stream.read().toString()).toBe('12345')
})

test('a slow reader slows the writer', async () => {
  const stream = new PassThrough({ highWaterMark: 10 })
  let done = false
  const writing = writeAll(stream, Buffer.alloc(20)).then(() => {
    done = true
  })
  await turns()
  expect(done).toBe(false)
  stream.resume()
  await writing
  expect([stream.listenerCount('drain'), stream.listenerCount('close')]).toEqual([0, 0])
})

test.each([
  ['goes while we wait', false],
  ['has gone before', true],
])('a reader that %s keeps nobody waiting', async (_, before) => {
  const stream = new Writable({ highWaterMark: 1, write: () => {} }) // takes nothing, ever
  stream.on('error', () => {})
  if (before) stream.destroy()
  const writing = writeAll(stream, Buffer.alloc(5))
  await turns()
  stream.destroy()
  await writing
})
