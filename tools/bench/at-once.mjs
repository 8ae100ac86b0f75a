import { pssMiB, residentMiB, withMark } from './processes.mjs'
import { inTurns } from './rows.mjs'

/** Many VMs from one snapshot, and what memory VMs take. */
export function atOnce(rapido) {
  const run = (count) => () => rapido.timed(['run', 'simple', '-n', String(count), '-x', 'true', ...rapido.sets])
  const cases = {
    1: run(1),
    4: run(4),
    16: run(16),
    beside: () => memory(rapido, { count: 1, how: [], of: ({ isQemu }) => !isQemu, sumUp: residentMiB }),
    restored: () => memory(rapido, { count: 4, how: [], of: ({ isQemu }) => isQemu, sumUp: pssMiB }),
    booted: () => memory(rapido, { count: 4, how: ['--cold'], of: ({ isQemu }) => isQemu, sumUp: pssMiB }),
  }
  return {
    title: 'many VMs at once',
    maxRounds: 3,
    rows: [
      { what: '4 VMs at once from one snapshot / one', unit: 'ms', ours: '4', theirs: '1' },
      { what: '16 VMs at once from one snapshot / one', unit: 'ms', ours: '16', theirs: '1', ratio: 6 },
      {
        what: 'memory of QEMU: 4 VMs from one snapshot / 4 booted',
        unit: 'MiB',
        ours: 'restored',
        theirs: 'booted',
        ratio: 1,
      },
      { what: 'memory of all but QEMU, while a VM runs', unit: 'MiB', ours: 'beside', limit: 120 },
    ],
    measure: async (rounds, needed) => {
      await run(1)() // the snapshot
      return inTurns(rounds, cases, needed)
    },
  }
}

/** The memory of the processes `of` that rapido keeps for VMs in the background, in MiB. */
async function memory(rapido, { count, how, of, sumUp }) {
  const mark = `${process.pid}-${performance.now()}`
  const marked = (argv) => rapido.succeed(argv, { RAPIDO_BENCH: mark })
  const vms = (await marked(['boot', 'simple', '-n', String(count), '--detach', ...how, ...rapido.sets])).match(
    /^\d+$/gm,
  )
  try {
    return sumUp(withMark(`RAPIDO_BENCH=${mark}`).filter(of))
  } finally {
    for (const vm of vms) await marked(['stop', vm])
  }
}
