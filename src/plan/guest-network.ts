import { bareAddress } from '../config/addresses.js'
import type { Settings } from '../config/schema.js'
import { hostName } from './guest-env.js'
import { addressesOfVm, hostNameOf, type NetworkPlan, namedVms } from './network.js'

// What a guest is told of its network, once it is up.

/**
 * /etc/hosts of VM `number`. On a bridge it names all others that may come, so that nobody has to be told of who joins
 * later, and `host`. `roles` are more names, for the VMs of these numbers.
 */
export function hostsFile(
  plan: NetworkPlan,
  settings: Settings,
  { number, roles }: { number: number; roles: ReadonlyMap<string, number> },
): string {
  const name = hostNameOf(settings, number)
  const lines = ['127.0.0.1 localhost', '::1 localhost']
  if (plan.kind !== 'bridge') return [...lines, `127.0.1.1 ${name}`, ''].join('\n')
  const host = plan.bridge.addresses.map((address) => `${bareAddress(address)} host`)
  const overridden = Object.keys(settings.network.vm).map(Number)
  const vms = [...new Set([...namedVms, ...overridden, ...roles.values(), number])].flatMap((vm) => {
    const own = [...roles].flatMap(([role, of]) => (of === vm ? [role] : []))
    const names = [...new Set([hostNameOf(settings, vm), hostName(vm), ...own])].join(' ')
    return addressesOfVm(settings, vm).map((address) => `${bareAddress(address)} ${names}`)
  })
  return [...lines, ...host, ...vms, ''].join('\n')
}

/** What src/guest/network is told. */
export function guestNetworkLines(plan: NetworkPlan): string[] {
  if (plan.kind === 'none') return []
  const nics = plan.nics.map(({ mac, mtu, addresses }) => `nic ${mac} ${mtu ?? 0} ${addresses.join(' ')}`)
  return [...nics, ...gatewaysOf(plan).map((gateway) => `route ${gateway}`)]
}

function gatewaysOf(plan: NetworkPlan): string[] {
  if (plan.kind === 'user') return plan.routes
  return plan.kind === 'bridge' && plan.bridge.uplink ? [plan.bridge.uplink.gateway] : []
}

/** /etc/resolv.conf of a guest; undefined where there is nobody to ask. */
export function resolvConf(plan: NetworkPlan): string | undefined {
  if (plan.kind === 'user') return 'nameserver 10.0.2.3\n'
  const uplink = plan.kind === 'bridge' ? plan.bridge.uplink : undefined
  return uplink && `nameserver ${uplink.nameServer}\n`
}
