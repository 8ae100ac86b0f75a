import { expect, test } from 'vitest'
import { Life } from '../../../src/host/life.js'

test('what was done is undone once, last first, each step after the one before', async () => {
  const life = new Life()
  const undone: string[] = []
  for (const name of ['one', 'two', 'three']) {
    life.defer(`undo ${name}`, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      undone.push(name)
    })
  }
  await Promise.all([life.end(), life.end()])
  await life.end()
  expect(undone).toEqual(['three', 'two', 'one'])
})

test('a step that fails keeps no other from running; all failures come out together', async () => {
  const life = new Life()
  const undone: string[] = []
  life.defer('remove the folder', () => undone.push('folder'))
  life.defer('stop QEMU', () => {
    throw new Error('it hangs')
  })
  life.defer('close the log', async () => {
    throw new Error('disk full')
  })
  const error = await life.end().catch((error: unknown) => error)
  expect(error).toBeInstanceOf(AggregateError)
  expect((error as Error).message).toBe('could not close the log: disk full\ncould not stop QEMU: it hangs')
  expect((error as AggregateError).errors.map(({ cause }) => cause.message)).toEqual(['disk full', 'it hangs'])
  expect(undone).toEqual(['folder'])
})

test('`await using` ends it with the block', async () => {
  const undone: string[] = []
  {
    await using life = new Life()
    life.defer('undo', () => undone.push('undone'))
    expect(undone).toEqual([])
  }
  expect(undone).toEqual(['undone'])
})

test.each([
  ['worked', () => {}],
  [
    'failed',
    () => {
      throw new Error('failed')
    },
  ],
])('what is deferred after an end that %s is undone at once', async (_, first) => {
  const life = new Life()
  life.defer('undo the first', first)
  await life.end().catch(() => {})
  const undone: string[] = []
  life.defer('undo the second', () => undone.push('second'))
  await life.end()
  expect(undone).toEqual(['second'])
})

test('what is deferred while it ends is undone before the end', async () => {
  const life = new Life()
  const undone: string[] = []
  life.defer('undo the first', async () => {
    life.defer('undo the late one', () => undone.push('late'))
    undone.push('first')
  })
  await life.end()
  await life.end()
  expect(undone).toEqual(['first', 'late'])
})
