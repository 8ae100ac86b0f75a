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
  const result = await runGroup(program, argv, {
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
