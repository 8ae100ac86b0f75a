import { inTurns } from './rows.mjs'

/** A whole scenario: two paths to a disk, one of which is cut under I/O. */
export function scenario(rapido) {
  const cases = { failover: () => rapido.timed(['scenario', 'multipath-failover', ...rapido.kernel]) }
  return {
    title: 'running multipath-failover',
    maxRounds: 3,
    rows: [{ what: 'scenario multipath-failover, image cached', unit: 'ms', ours: 'failover', limit: 20_000 }],
    missing: async () => ((await rapido.isThere('multipath')) ? undefined : 'multipath-tools'),
    measure: (rounds, needed) => inTurns(rounds, cases, needed),
  }
}
