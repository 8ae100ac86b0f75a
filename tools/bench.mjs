#!/usr/bin/env node
// Measures rapido against doing the same by hand, in turns, so that a noisy machine is noisy to both (docs/performance.md):
//   npm run bench -- [--rounds 5] [--only PATTERN] [--kernel RELEASE] [--fstests-src TREE] [--json] [--out FILE]
// Status 1 if a limit is passed.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { withDir } from 'tmp-promise'
import { atOnce } from './bench/at-once.mjs'
import { newestKernel } from './bench/by-hand.mjs'
import { ceph } from './bench/ceph.mjs'
import { firstTest } from './bench/first-test.mjs'
import { parts } from './bench/parts.mjs'
import { rapidoIn } from './bench/rapido.mjs'
import { rowsOf } from './bench/rows.mjs'
import { scenario } from './bench/scenario.mjs'
import { fstests, multipath, simple, starts } from './bench/starts.mjs'
import { table } from './bench/table.mjs'
import { targets } from './bench/targets.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' }, // rows whose name matches
    kernel: { type: 'string', default: newestKernel() },
    'fstests-src': { type: 'string' }, // a built tree, for the row of the first test
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const size = { cpus: '2', memory: '512M' }

process.on('SIGINT', () => {}) // it ends the program under measurement, and that ends us, with the folder removed
await withDir(
  async ({ path }) => {
    const rows = await measure(path)
    const json = JSON.stringify({ kernel: options.kernel, rows }, undefined, 2)
    if (options.out !== undefined) writeFileSync(options.out, `${json}\n`)
    console.log(options.json ? json : table(rows))
    if (rows.some((row) => row.pass === false)) process.exitCode = 1
  },
  { prefix: 'rapido-bench', unsafeCleanup: true },
)

async function measure(folder) {
  const rapido = rapidoIn(folder, options.kernel, size)
  const groups = [
    ...[simple, multipath, fstests].map((profile) => starts(profile, rapido)),
    firstTest(rapido, { src: options['fstests-src'] }),
    ...[atOnce, parts, scenario, ceph, targets].map((group) => group(rapido)),
  ]
  const rows = []
  for (const group of groups) {
    rows.push(...(await rowsOf(group, { rounds: Number(options.rounds), only: new RegExp(options.only) })))
  }
  return rows
}
