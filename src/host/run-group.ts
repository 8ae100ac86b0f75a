import { RapidoError } from '../errors.js'

/**
 * Runs a program and all that it starts in a process group of its own, which is killed on abort. `onStart` is told the
 * group before the program runs, so that whoever watches it cannot come too late. `output` is both streams, in order.
 * Throws RapidoError('interrupted') on abort.
 */
export async function runGroup(
  file: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; cwd: string; signal?: AbortSignal | undefined; onStart(group: number): void },
): Promise<{ status: number; output: string }> {
  const { execa } = await import('execa')
  if (options.signal?.aborted) throw interrupted(file)
  // It starts at the first line of its standard input; when we are killed before that, it ends with that input.
  // A umask of one's own would show in what it makes. Without --norc bash takes our socket for rshd, and reads ~/.bashrc.
  const child = execa('bash', ['--norc', '-c', 'umask 022; read -r && exec "$0" "$@" </dev/null', file, ...args], {
    env: options.env,
    extendEnv: false,
    cwd: options.cwd,
    detached: true,
    cleanup: false,
    stdin: 'pipe',
    all: true,
    reject: false,
  })
  const group = child.pid
  if (group === undefined) throw new RapidoError('host', `cannot run ${file}`, { cause: await child })
  const kill = () => killGroup(group)
  options.signal?.addEventListener('abort', kill, { once: true })
  try {
    options.onStart(group)
    child.stdin.on('error', () => {}) // it is gone already: its status tells
    child.stdin.end('go\n')
    const result = await child
    if (options.signal?.aborted) throw interrupted(file)
    return { status: result.exitCode ?? 1, output: result.all }
  } finally {
    options.signal?.removeEventListener('abort', kill)
  }
}

function interrupted(file: string): RapidoError {
  return new RapidoError('interrupted', `${file} was interrupted`)
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // it has ended
  }
}
