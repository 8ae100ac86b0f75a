import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { downCeph } from '../../runs/ceph-cluster.js'
import type { CephOptions } from '../commands/ceph.js'
import type { Io, Status } from '../io.js'

/** `rapido ceph down`: ends the throwaway cluster; none there is fine. */
export async function down(settings: Settings, { keep, force }: CephOptions, io: Io): Promise<Status> {
  const wasUp = await downCeph(settings.paths.state, { keepData: keep, force })
  const kept = keep ? '; what is stored in it waits for the next `rapido ceph up`' : ''
  io.stderr.write(wasUp ? `rapido: the Ceph cluster is down${kept}\n` : 'rapido: no Ceph cluster is up\n')
  return exitStatus.success
}
