import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { RapidoError } from '../errors.js'
import { packageFile } from './package-root.js'

/** A folder that is this process's own, until released or until the process ends, however it ends. */
export interface HeldFolder {
  readonly path: string
  /** Kills this process group too, should this process die. */
  watch(processGroup: number): void
  unwatch(processGroup: number): void
  /** Makes its holder a member of the network or cluster kept in that folder (network/private.ts, ceph/cluster.ts), if it still is; until the end. */
  join(folder: string): Promise<boolean>
  /** Locks a file for its holder, `shared` with others that only read it; until the end. False: somebody else has it. */
  lock(file: string, options: { shared: boolean }): Promise<boolean>
  /** Kills what is still watched, removes the folder, frees the lock. */
  release(): Promise<void>
}

/**
 * Makes `path` (0700) and locks it, emptied of what a dead owner left. With `wait` it waits for another holder,
 * otherwise it returns undefined where there is one. See hold.sh, the small process that survives a `kill -9` of us.
 */
export async function holdFolder(
  path: string,
  options: { wait: boolean; signal?: AbortSignal | undefined },
): Promise<HeldFolder | undefined> {
  options.signal?.throwIfAborted()
  // Not execa: to load it takes longer than all the rest, and every start of a VM comes by here.
  const keeper = spawn('bash', [packageFile('src/host/hold.sh'), path, options.wait ? 'wait' : 'try'], {
    cwd: '/', // not to keep a mount busy
    detached: true, // its own session: signals for our group pass it by
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(keeper, 'close').catch((cause) => {
    throw new RapidoError('host', `cannot run bash: ${cause.message}`, { cause })
  })
  ended.catch(() => {}) // told by whoever waits for it
  keeper.stdin.on('error', () => {}) // a keeper that was killed: the kernel has freed the lock
  const abort = () => keeper.stdin.end()
  options.signal?.addEventListener('abort', abort, { once: true })
  const lines = createInterface({ input: keeper.stdout })[Symbol.asyncIterator]()
  const nextLine = async () => (await lines.next()).value as string | undefined
  const answer = await nextLine()
  options.signal?.removeEventListener('abort', abort)

  // An abort that came as the keeper answered has ended it.
  if (answer === 'held' && !options.signal?.aborted) {
    return {
      path,
      watch: (group) => void keeper.stdin.write(`watch ${group}\n`),
      unwatch: (group) => void keeper.stdin.write(`unwatch ${group}\n`),
      join: async (kept) => {
        keeper.stdin.write(`join ${kept}\n`)
        return (await nextLine()) === 'joined'
      },
      lock: async (file, { shared }) => {
        keeper.stdin.write(`${shared ? 'share' : 'lock'} ${file}\n`)
        return (await nextLine()) === 'locked'
      },
      release: async () => {
        keeper.stdin.end()
        const [, signal] = await ended
        // It was killed, and has removed nothing: another one does.
        if (signal !== null) await (await holdFolder(path, { wait: false }))?.release()
      },
    }
  }
  keeper.stdin.end()
  await ended
  options.signal?.throwIfAborted()
  if (answer === 'taken') return undefined
  throw new RapidoError('host', `cannot make the folder ${path}: ${answer?.replace(/^failed /, '') ?? 'no answer'}`, {
    hint: 'choose a place that you can write to with paths.state and paths.cache in rapido.toml',
  })
}
