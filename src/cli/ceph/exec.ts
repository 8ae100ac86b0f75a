import type { Settings } from '../../config/schema.js'
import { RapidoError } from '../../errors.js'
import { runWithCeph } from '../../runs/ceph-cluster.js'
import type { CephOptions } from '../commands/ceph.js'
import type { Status } from '../io.js'

/** `rapido ceph exec -- CMD`: runs a program that finds the throwaway cluster; its status is ours. */
export async function exec(settings: Settings, argv: CephOptions): Promise<Status> {
  const words = [...(argv.command ?? []), ...(argv['--'] ?? [])]
  if (words.length === 0) {
    throw new RapidoError('usage', 'ceph exec: which program?', { hint: 'rapido ceph exec -- ceph -s' })
  }
  return runWithCeph(settings, words)
}
