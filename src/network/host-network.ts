import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { holdFolder } from '../host/hold.js'
import { Life } from '../host/life.js'
import { requireProgram } from '../host/require-program.js'
import { run } from '../host/run.js'
import { planDhcp } from '../plan/dnsmasq-args.js'
import { type HostNetwork, type HostStep, hostNetwork, planHostDown, planHostUp } from '../plan/host-network.js'
import { hostNetworkFiles } from '../plan/state-files.js'
import { dnsmasqFor } from './dnsmasq.js'
import { findUser, ownUser, readHostLinks } from './host-links.js'
import { tapProblem } from './namespaces.js'

/** What was done, for people to read: "make rapido-br". */
export type Done = (what: string) => void

/**
 * Makes what is missing of the bridge and the taps on the host's own network, for the VMs of `network.tap_user`, else of
 * `caller`. Throws RapidoError, before anything is made where that can be known; what this call made is then gone.
 */
export async function raiseHostNetwork(
  settings: Settings,
  { caller, signal, done }: { caller: string | undefined; signal: AbortSignal; done: Done },
): Promise<HostNetwork> {
  requireRoot('up')
  const problem = tapProblem()
  if (problem) throw problem
  const user = settings.network.tap_user ?? caller
  const wanted = hostNetwork(settings, {
    owner: user === undefined ? ownUser() : await findUser(user),
    ipv6: hasIpv6(),
    random: randomBytes(2),
  })
  const dhcp = planDhcp(settings)
  const dnsmasq = dnsmasqFor(settings.network.bridge)
  if (dhcp) requireProgram('dnsmasq')
  await alone(settings.network.bridge, signal, async () => {
    const life = new Life()
    try {
      for (const step of planHostUp(wanted, await readHostLinks())) {
        signal.throwIfAborted()
        await ip(step)
        const { what, undo } = step
        if (undo) life.defer(`undo "${what}"`, () => ip({ what: undo.join(' '), ip: undo }))
        done(what)
      }
      if (await dnsmasq.see(dhcp)) done(dhcp ? `serve DHCP, ${dhcp.range}` : 'end DHCP')
    } catch (error) {
      throw await undone(life, error)
    }
  })
  return wanted
}

/** The error, once what was done before it is undone; with what could not be. */
async function undone(life: Life, error: unknown): Promise<unknown> {
  try {
    await life.end()
    return error
  } catch (undoing) {
    const messages = [error, undoing].map((each) => (each as Error).message)
    const hint = '`sudo rapido net down` removes what is left'
    return new RapidoError(error instanceof RapidoError ? error.code : 'host', messages.join('\n'), {
      hint,
      cause: error,
    })
  }
}

/** Whether there is anything that takeHostNetworkDown would take. */
export async function isAnythingUp(bridge: string): Promise<boolean> {
  return dnsmasqFor(bridge).serving() !== undefined || planHostDown(bridge, await readHostLinks()).length > 0
}

/** Takes away what raiseHostNetwork made, whoever uses it. Needs root. */
export async function takeHostNetworkDown(
  bridge: string,
  { signal, done }: { signal: AbortSignal; done: Done },
): Promise<void> {
  await alone(bridge, signal, async () => {
    if (await dnsmasqFor(bridge).see(undefined)) done('end DHCP')
    for (const step of planHostDown(bridge, await readHostLinks())) {
      await ip(step)
      done(step.what)
    }
  })
}

/** One at a time: a second one waits, and finds done what the first did. */
async function alone(bridge: string, signal: AbortSignal, change: () => Promise<void>): Promise<void> {
  const lock = await holdFolder(hostNetworkFiles(bridge).lock, { wait: true, signal })
  try {
    await change()
  } finally {
    await lock?.release()
  }
}

async function ip({ what, ip: args }: HostStep): Promise<void> {
  const { status, stderr } = await run(requireProgram('ip'), args)
  if (status === 0) return
  const said = stderr.trim().replace(/^RTNETLINK answers: /, '')
  throw new RapidoError('host', `cannot ${what}: ${said}`, { hint: hintFor(said) ?? `it was: ip ${args.join(' ')}` })
}

function hintFor(said: string): string | undefined {
  if (/Operation not permitted/.test(said)) return 'it needs CAP_NET_ADMIN, which root does not have in this container'
  if (/Unknown device type|not supported/.test(said)) {
    return 'the kernel of this host has no bridge: run `sudo modprobe bridge` (CONFIG_BRIDGE)'
  }
  return undefined
}

/** Throws RapidoError('host') for who may not change the network of the host. */
export function requireRoot(action: 'up' | 'down'): void {
  if (process.geteuid?.() === 0) return
  throw new RapidoError('host', `the network of the host needs root: sudo rapido net ${action}`, {
    hint: action === 'up' ? 'without it, VMs have a network of their own: just boot one' : undefined,
  })
}

function hasIpv6(): boolean {
  const disabled = '/proc/sys/net/ipv6/conf/default/disable_ipv6'
  return existsSync('/proc/net/if_inet6') && readFileSync(disabled, 'utf8').trim() === '0'
}
