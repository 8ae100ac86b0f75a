import { throwawayUser } from '../ceph/access.js'
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
  if (ceph.client === undefined) {
    throw new RapidoError('host', `${fault.verb}: this host had no programs of Ceph when vm${number} was started`, {
      hint: 'install ceph-common and boot it again',
    })
  }
  const cluster = ceph.kind === 'throwaway' ? requireCluster(plan.settings.paths.state) : undefined
  const addresses = addressesOf(machine.plan.network)
  await applyCephFault(fault, { client: ceph.client, cluster, addresses, fs: plan.settings.ceph.fs })
}

/** Does a fault to the throwaway cluster. Throws RapidoError('usage') where none is up. */
export async function faultThrowaway(fault: CephFault, settings: Settings): Promise<void> {
  const cluster = requireCluster(settings.paths.state)
  const enter = enterCluster(cluster, settings.paths.state)
  const { conf, keyring } = cluster.files
  const client = { programs: findClient(settings), enter, conf, user: throwawayUser, keyring }
  await applyCephFault(fault, { client, cluster, addresses: undefined, fs: settings.ceph.fs })
}
