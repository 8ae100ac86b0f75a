import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inTurns } from './rows.mjs'
import { fstests } from './starts.mjs'

const cold = ['--set', 'snapshot.use=never']

/** How long fstests takes from its start to the start of the first test, beside `simple`, ready. Both boot. */
export function firstTest(rapido) {
  const cases = {
    simple: () => rapido.ready('simple', ...cold),
    first: () => untilFirstTest(rapido),
  }
  return {
    title: 'running fstests',
    rows: [
      { what: 'fstests: to the first test / simple ready', unit: 'ms', ours: 'first', theirs: 'simple', ratio: 3 },
    ],
    missing: async () => ((await rapido.isThere(fstests.name, ...fstests.sets)) ? undefined : 'xfsprogs and the like'),
    measure: async (rounds, needed) => {
      await rapido.isThere('simple') // it has its image
      return inTurns(rounds, cases, needed)
    },
  }
}

async function untilFirstTest({ folder, kernel, succeed }) {
  const results = join(folder, 'results')
  await rm(results, { recursive: true, force: true })
  await succeed(['fstests', 'xfs', 'generic/001', '--results', results, ...fstests.sets, ...cold, ...kernel])
  const [firstTest] = readFileSync(join(results, 'results.jsonl'), 'utf8').split('\n')
  return startedMs(firstTest) - startedMs(readFileSync(join(results, 'run.json'), 'utf8'))
}

function startedMs(json) {
  return Date.parse(JSON.parse(json).startedAt)
}
