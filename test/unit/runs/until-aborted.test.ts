import { expect, test } from 'vitest'
import { untilAborted } from '../../../src/runs/until-aborted.js'

const never = new Promise<never>(() => {})

test('work that ends gives what it gives', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(signal, Promise.resolve(42))).toBe(42)
  await expect(untilAborted(signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

test("an abort ends the wait with the signal's reason, whenever it came", async () => {
  const early = AbortSignal.abort(new Error('before'))
  await expect(untilAborted(early, never)).rejects.toThrow('before')
  const controller = new AbortController()
  const waiting = untilAborted(controller.signal, never)
  controller.abort(new Error('meanwhile'))
  await expect(waiting).rejects.toThrow('meanwhile')
})

test('work that fails after the abort disturbs nobody', async () => {
  const controller = new AbortController()
  let fail!: (error: Error) => void
  const work = new Promise((_, reject) => {
    fail = reject
  })
  const waiting = untilAborted(controller.signal, work)
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  fail(new Error('too late'))
  await new Promise((resolve) => setImmediate(resolve)) // an unhandled rejection would fail the test run
})
