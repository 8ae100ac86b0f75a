import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Turns } from '../../../src/runs/turns.js'

const { signal } = new AbortController()

test('as many as may have a turn at once, the others in their order', async () => {
  const turns = new Turns(2)
  const ends: (() => void)[] = []
  const order: string[] = []
  for (const name of ['a', 'b', 'c', 'd']) {
    void turns.take(signal).then((end) => {
      order.push(name)
      ends.push(end)
    })
  }
  await setImmediate()
  expect(order).toEqual(['a', 'b'])
  ends[0]?.()
  ends[0]?.() // once more is no other turn
  await setImmediate()
  expect(order).toEqual(['a', 'b', 'c'])
  ends[1]?.()
  await setImmediate()
  expect(order).toEqual(['a', 'b', 'c', 'd'])
})

test('who no longer waits takes no turn', async () => {
  const turns = new Turns(1)
  const end = await turns.take(signal)
  const gone = new AbortController()
  const given = turns.take(gone.signal)
  gone.abort(new Error('gone'))
  await expect(given).rejects.toThrow('gone')
  await expect(turns.take(gone.signal)).rejects.toThrow('gone')
  const next = turns.take(signal)
  end()
  ;(await next)()
})
