#!/usr/bin/env node
// Measures rapido against doing the same by hand, in turns, so that a noisy machine is noisy to both:
//   npm run bench -- [--rounds 5] [--kernel RELEASE] [--json]
// Status 1 if a limit is passed.
import { parseArgs } from 'node:util'
import { withDir } from 'tmp-promise'
import { byHand, newestKernel } from './bench/by-hand.mjs'
import { networkMs } from './bench/network.mjs'
import { rapidoIn } from './bench/rapido.mjs'
import { timeMs } from './bench/time.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    kernel: { type: 'string', default: newestKernel() },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)

process.on('SIGINT', () => {}) // it ends the program under measurement, and that ends us, with the folder removed
await withDir(
  async ({ path }) => {
    const rows = await measure(path)
    console.log(options.json ? JSON.stringify({ kernel: options.kernel, rows }, undefined, 2) : table(rows))
    if (rows.some((row) => row.pass === false)) process.exitCode = 1
  },
  { prefix: 'rapido-bench', unsafeCleanup: true },
)

async function measure(folder) {
  const size = { cpus: '2', memory: '512M' }
  const hand = await byHand(folder, options.kernel, size)
  const rapido = rapidoIn(folder, options.kernel, size)
  tell(`Linux ${options.kernel}, ${hand.accel}, ${rounds} rounds`)

  tell('building the image')
  const build = await inTurns(Math.min(rounds, 3), rapido.buildImage, hand.buildImage)
  tell('booting')
  const boot = await inTurns(rounds, rapido.run, hand.boot)
  tell('starting')
  const version = await inTurns(rounds * 4, rapido.version, () => timeMs(process.execPath, ['-e', '0']))
  tell('checking the cached image')
  const check = await inTurns(rounds, rapido.checkImage)
  tell('making a private network')
  const network = await inTurns(rounds, () => networkMs(folder))
  const hasMultipath = await rapido.hasMultipath()
  tell(hasMultipath ? 'running multipath-failover' : 'without multipath-tools: no scenario is measured')
  const failover = hasMultipath && (await inTurns(Math.min(rounds, 3), rapido.failover))
  const hasCeph = await rapido.hasCeph()
  tell(hasCeph ? 'starting Ceph clusters' : 'without Ceph: no cluster is measured')
  const ceph = hasCeph && (await rapido.ceph(Math.min(rounds, 3)))
  const hasTargets = await rapido.hasTargets()
  tell(hasTargets ? 'booting targets' : 'without open-iscsi or usb-storage: no targets are measured')
  const targets = hasTargets && (await rapido.targets(Math.min(rounds, 3)))
  tell('measuring memory')
  const memory = await rapido.memoryMiB()

  return [
    row('run simple -x true, image cached / boot by hand', 'ms', boot, { ratio: 1 }),
    row('rapido --version / node -e 0', 'ms', version, { ratio: 2 }),
    row('check that the cached image is current', 'ms', check, { limit: 150 }),
    row('a private network with a tap, up', 'ms', network, { limit: 100 }),
    row('memory of all but QEMU, while a VM runs', 'MiB', { ours: [memory] }, { limit: 120 }),
    ...(failover ? [row('scenario multipath-failover, image cached', 'ms', failover, { limit: 20_000 })] : []),
    ...(ceph ? cephRows(ceph) : []),
    ...(targets ? targetRows(targets) : []),
    row('rapido cut --force / dracut', 'ms', build, {}),
  ]
}

function cephRows({ up, down, memory, run }) {
  return [
    row('rapido ceph up, three OSDs', 'ms', { ours: up }, { limit: 6000 }),
    row('rapido ceph down', 'ms', { ours: down }, { limit: 1000 }),
    row('memory of a Ceph cluster, after writing 256 MiB', 'MiB', { ours: memory }, { limit: 500 }),
    row('run cephfs, a file copied: image cached, no cluster', 'ms', { ours: run }, { limit: 10_000 }),
  ]
}

/** By hand there is nothing to compare with: the other column is `simple`, ready. */
function targetRows({ simple, lio, gadget, initiator }) {
  return [
    row('lio ready / simple', 'ms', { ours: lio, theirs: simple }, { ratio: 2 }),
    row('usb-gadget ready / simple', 'ms', { ours: gadget, theirs: simple }, { ratio: 2 }),
    row('open-iscsi logged in / simple', 'ms', { ours: initiator, theirs: simple }, { ratio: 3 }),
  ]
}

/** Runs both so many times, one after the other; each gives its milliseconds. */
async function inTurns(times, ours, theirs) {
  const samples = { ours: [], theirs: theirs && [] }
  for (let i = 0; i < times; i++) {
    samples.ours.push(await ours())
    if (theirs) samples.theirs.push(await theirs())
  }
  return samples
}

function row(what, unit, { ours, theirs }, { ratio: maxRatio, limit }) {
  const ratio = theirs && median(ours) / median(theirs)
  const pass = maxRatio ? ratio <= maxRatio : limit ? median(ours) <= limit : undefined
  return { what, unit, ours, theirs, ratio, maxRatio, limit, pass }
}

function median(samples) {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function table(rows) {
  const cells = rows.map(({ what, unit, ours, theirs, ratio, maxRatio, limit, pass }) => [
    what,
    spread(ours, unit),
    theirs ? spread(theirs, unit) : '',
    ratio ? ratio.toFixed(2) : '',
    maxRatio ? `ratio <= ${maxRatio.toFixed(1)}` : limit ? `<= ${limit} ${unit}` : '',
    pass === undefined ? '' : pass ? 'pass' : 'FAIL',
  ])
  const lines = [['', 'rapido', 'by hand', 'ratio', 'target', ''], ...cells]
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function spread(samples, unit) {
  const [low, high] = [Math.min(...samples), Math.max(...samples)]
  const range = samples.length > 1 ? ` (${low.toFixed(0)}-${high.toFixed(0)})` : ''
  return `${median(samples).toFixed(0)} ${unit}${range}`
}

function tell(what) {
  process.stderr.write(`bench: ${what}\n`)
}
