import type { Settings } from '../../config/schema.js'
import { exitStatus } from '../../errors.js'
import { shapeText } from '../../plan/ceph-cluster.js'
import { upCeph } from '../../runs/ceph-cluster.js'
import type { CephOptions } from '../commands/ceph.js'
import type { Io, Status } from '../io.js'
import { Progress } from '../progress.js'

const how = {
  running: 'was up already',
  recovered: 'is up again, with what was stored in it',
  started: 'is up',
  'started anew': 'is up, anew: what was left of the one before has another shape',
}

/** `rapido ceph up`: starts the throwaway cluster, which lasts until `rapido ceph down`. */
export async function up(settings: Settings, argv: CephOptions, io: Io): Promise<Status> {
  const progress = new Progress(io, argv)
  try {
    const { osds, mds } = argv
    const shape = { ...(osds === undefined ? {} : { osds }), ...(mds === undefined ? {} : { mds }) }
    const tell = (what: string) => progress.take({ type: 'ceph', what })
    const { cluster, start } = await upCeph(settings, { shape, signal: io.signal, tell })
    progress.done()
    const { plan } = cluster
    const what = `${shapeText(plan)}, monitor at ${plan.address} (${plan.ports.v2}, ${plan.ports.v1})`
    io.stderr.write(`rapido: the Ceph cluster ${how[start]}: ${what}\n`)
    return exitStatus.success
  } finally {
    progress.done()
  }
}
