import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { type CephStatus, cephStatus } from '../../runs/ceph-cluster.js'
import type { CephOptions } from '../commands/ceph.js'
import type { Io, Status } from '../io.js'
import { table } from '../table.js'

/** `rapido ceph status`: the throwaway cluster and its daemons. */
export async function status(settings: Settings, { json }: CephOptions, io: Io): Promise<Status> {
  const found = await cephStatus(settings)
  if (json) io.stdout.write(`${JSON.stringify(found ?? null, undefined, 2)}\n`)
  else if (found) io.stdout.write(text(found))
  else io.stderr.write('No Ceph cluster is up. `rapido ceph up` starts one, and so does the first VM that needs it.\n')
  return exitStatus.success
}

function text({ fsid, address, ports, isKept, daemons, vms, health, checks, fileSystems, pools }: CephStatus): string {
  const until = isKept
    ? '`rapido ceph down`'
    : `its last VM ends (${vms.map((vm) => `vm${vm}`).join(', ') || 'none now'})`
  const facts = [
    `Ceph cluster ${fsid}: ${health}`,
    ...checks.map((check) => `  ${check}`),
    `monitor ${address}, v2 ${ports.v2}, v1 ${ports.v1}; it lasts until ${until}`,
    `file systems: ${fileSystems.join(', ') || 'none'}; pools: ${pools.join(', ') || 'none'}`,
  ]
  const rows = daemons.map(({ name, pid, residentMiB }) => [
    name,
    pid === undefined ? 'dead' : String(pid),
    `${residentMiB ?? '-'}`,
  ])
  return `${facts.join('\n')}\n${table(['DAEMON', 'PID', 'MIB'], rows)}`
}
