import { existsSync, readFileSync } from 'node:fs'
import type { HeldFolder } from '../host/hold.js'
import { runGroup } from '../host/run-group.js'

/** Whose image it is, and the folder that is held for this layer. */
export interface BuildOptions {
  profile: string
  held: HeldFolder
  signal?: AbortSignal | undefined
}

/** Runs a program that ends with its holder. It gets no other environment, for dracut takes dozens of variables from it. */
export async function runHeld(
  program: string,
  argv: string[],
  env: Record<string, string>,
  { held, signal }: BuildOptions,
): Promise<{ status: number; output: string }> {
  let group = 0
  const [file = '', ...args] = [...asSomebodyElse(), program, ...argv]
  const result = await runGroup(file, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...env },
    cwd: '/',
    signal,
    onStart: (started) => {
      group = started
      held.watch(group)
    },
  })
  held.unwatch(group)
  return result
}

/**
 * Root keeps the owners of files, as dracut-install does for root, only where those are somebody: in a user namespace of one
 * user (`unshare -r`, a container without subordinate ids) dracut runs as an ordinary one.
 */
function asSomebodyElse(): string[] {
  const uidMap = '/proc/self/uid_map' // absent without CONFIG_USER_NS
  if (process.geteuid?.() !== 0 || !existsSync(uidMap) || !hasOneUser(readFileSync(uidMap, 'utf8'))) return []
  return ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--']
}

/** Lines of /proc/PID/uid_map: the first here, the first outside, how many (user_namespaces(7)). */
export function hasOneUser(uidMap: string): boolean {
  const counts = uidMap
    .trim()
    .split('\n')
    .map((line) => Number(line.trim().split(/\s+/)[2]))
  return counts.length === 1 && counts[0] === 1
}
