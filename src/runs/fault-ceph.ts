import { readCluster } from '../ceph/cluster.js'
import { applyCephFault, type CephFault } from '../ceph/faults.js'
import { findClient } from '../ceph/programs.js'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { addressesOf } from '../plan/network.js'
import { enterCluster, requireCluster } from './ceph-cluster.js'
import type { Vm } from './vm.js'

/** Does a fault to the cluster that a VM uses, or to its clients in it. Throws as applyCephFault does. */
export async function faultCluster(fault: CephFault, { number, ceph, plan, machine }: Vm): Promise<void> {
  if (ceph === undefined) throw new RapidoError('usage', `${fault.verb}: vm${number} uses no Ceph cluster`)
  if (ceph.client === undefined) findClient(plan.settings) // says what is missing
  const cluster = ceph.kind === 'throwaway' ? readCluster(plan.settings.paths.state) : undefined
  const addresses = addressesOf(machine.plan.network)
  if (ceph.client) await applyCephFault(fault, { client: ceph.client, cluster, addresses })
}

/** Does a fault to the throwaway cluster. Throws RapidoError('usage') where none is up. */
export async function faultThrowaway(fault: CephFault, settings: Settings): Promise<void> {
  const cluster = requireCluster(settings.paths.state)
  const enter = enterCluster(cluster, settings.paths.state)
  const { conf, keyring } = cluster.files
  const client = { programs: findClient(settings), enter, conf, user: 'admin', keyring }
  await applyCephFault(fault, { client, cluster, addresses: undefined })
}
