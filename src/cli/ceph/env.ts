import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { cephEnvironment, requireCluster } from '../../runs/ceph-cluster.js'
import type { CephOptions } from '../commands/ceph.js'
import type { Io, Status } from '../io.js'

/** `rapido ceph env`: variables that lead programs of Ceph to the throwaway cluster, for `eval "$(rapido ceph env)"`. */
export async function env(settings: Settings, _: CephOptions, io: Io): Promise<Status> {
  const variables = Object.entries(cephEnvironment(requireCluster(settings.paths.state)))
  for (const [name, value] of variables) io.stdout.write(`export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
  return exitStatus.success
}
