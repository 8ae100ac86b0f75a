import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setting } from './rapido.mjs'
import { inTurns } from './rows.mjs'
import { fstests } from './starts.mjs'

const cold = ['--set', 'snapshot.use=never']

/** How long fstests takes from the command to the start of the first test, beside `simple` to its first command. Both boot. */
export function firstTest(rapido, { src }) {
  const sets = [...fstests.sets, ...(src === undefined ? [] : setting('fstests.src', resolve(src)))]
  const cases = {
    simple: () => rapido.ready('simple', ...cold),
    first: () => untilFirstTest(rapido, sets),
  }
  return {
    title: 'running fstests',
    rows: [
      { what: 'fstests: to the first test / simple ready', unit: 'ms', ours: 'first', theirs: 'simple', ratio: 3 },
    ],
    missing: async () => ((await rapido.isThere(fstests.name, ...sets)) ? undefined : 'xfsprogs and the like'),
    measure: async (rounds, needed) => {
      await rapido.isThere('simple') // it has its image
      if (needed.has('first')) await untilFirstTest(rapido, sets)
      return inTurns(rounds, cases, needed)
    },
  }
}

async function untilFirstTest({ folder, kernel, succeed }, sets) {
  const results = join(folder, 'results')
  await rm(results, { recursive: true, force: true })
  const startedMs = Date.now()
  await succeed(['fstests', 'xfs', 'generic/010', '--results', results, ...sets, ...cold, ...kernel])
  const [firstTest] = readFileSync(join(results, 'results.jsonl'), 'utf8').split('\n')
  return Date.parse(JSON.parse(firstTest).startedAt) - startedMs
}
