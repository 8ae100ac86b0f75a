import { join, resolve } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { planKselftest } from '../../../../src/runs/suite/plan-kselftest.js'

// What is wrong is told before this host is looked at, and before anything boots.

let root: string
let cleanup: () => Promise<void>

beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
})
afterEach(() => cleanup())

function plan(words: string[], ...sets: string[]) {
  const { signal } = new AbortController()
  return planKselftest(words, { cwd: root, home: join(root, 'home'), env: {}, sets }, { signal })
}

const tree = `kselftest.dir=${resolve('test/fixtures/kselftest-tree')}`

test.each([
  [['point'], [tree], 'no test "point"; did you mean "points"?'],
  [['plain', 'x*'], [tree], 'no test matches "x*"'],
  [['breakpoints'], [tree], 'kselftest.exclude leaves no test to run of 1'],
  [['points'], [tree, 'kselftest.exclude=["poi*"]'], 'kselftest.exclude leaves no test to run of 2'],
  [[], ['kselftest.dir=/nowhere'], 'kselftest.dir: there is no folder /nowhere'],
])('%j with %j is refused: %s', async (words, sets, message) => {
  await expect(plan(words, ...sets)).rejects.toThrow(expect.objectContaining({ code: 'usage', message }))
})
