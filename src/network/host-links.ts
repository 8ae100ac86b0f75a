import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { RapidoError } from '../errors.js'
import { requireProgram } from '../host/require-program.js'
import { run } from '../host/run.js'
import type { HostLink, TapOwner } from '../plan/host-links.js'

/** All interfaces of the network that we are in, with their addresses. */
export async function readHostLinks(): Promise<HostLink[]> {
  const { status, stdout, stderr } = await run(requireProgram('ip'), ['-json', '-details', 'address', 'show'])
  if (status !== 0) throw new RapidoError('host', `cannot list the interfaces of this host: ${stderr.trim()}`)
  return JSON.parse(stdout)
}

/** Whether there is an interface of this name: a read, where readHostLinks starts a program. */
export function hasLink(name: string): boolean {
  // Not /sys/class/net: in a namespace that shares its mounts, that shows another network.
  const lines = readFileSync('/proc/self/net/dev', 'utf8').split('\n')
  return lines.some((line) => line.trimStart().startsWith(`${name}:`))
}

/** Who this process runs as. */
export function ownUser(): TapOwner {
  const { username, uid } = userInfo()
  return { name: username, uid }
}

/** A user of this host, by name. Throws RapidoError('usage') where there is none. */
export async function findUser(name: string): Promise<TapOwner> {
  const { status, stdout } = await run(requireProgram('id'), ['-u', name])
  if (status === 0) return { name, uid: Number(stdout) }
  throw new RapidoError('usage', `network.tap_user = "${name}": this host has no such user`)
}
