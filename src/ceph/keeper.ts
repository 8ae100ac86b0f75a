import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { RapidoError } from '../errors.js'
import { startDetached } from '../host/detached.js'
import { packageFile } from '../host/package-root.js'
import type { CephFiles } from '../plan/state-files.js'

/** The network that a cluster's daemons are in: a private one, or the host's, which has no folder. */
export interface ClusterNetwork {
  folder: string | undefined // of the network's keeper
  enter: string[]
  tcp: string[] // files of /proc that list its TCP sockets
}

/** A keeper that waits for the cluster to be made: `ready` says that it is; without it, it ends when we do. */
export interface StartedKeeper {
  ready(): void
  letGo(): void
}

/** Starts the keeper of a cluster (keep-cluster.sh). */
export async function startKeeper(
  files: CephFiles,
  network: ClusterNetwork,
  env: NodeJS.ProcessEnv, // of its daemons, too
): Promise<StartedKeeper | 'taken'> {
  const script = packageFile('src/ceph/keep-cluster.sh')
  const argv = ['bash', script, files.folder, network.folder ?? '', ...network.enter]
  const keeper = await startDetached(argv, { env, input: '' })
  let answer = ''
  for await (const line of keeper.lines) {
    answer = line
    break
  }
  if (answer === 'up') return { ready: () => keeper.write('ready\n'), letGo: keeper.letGo }
  keeper.letGo()
  if (answer === 'taken') return 'taken'
  throw new RapidoError('host', `cannot start a Ceph cluster: ${answer.replace(/^failed /, '') || 'no answer'}`, {
    hint: `its files are in ${files.folder}; paths.state names another place`,
  })
}

/** Starts one daemon of a cluster. */
export async function startDaemon(name: string, files: CephFiles): Promise<void> {
  await rm(files.pid(name), { force: true }) // of its life before: whoever looks would take it for dead again
  await tellKeeper(files, `start ${name}`)
}

/** Throws RapidoError('host') where there is no keeper to tell. */
export async function tellKeeper(files: CephFiles, line: string): Promise<void> {
  try {
    // A FIFO that nobody reads is an error at once, not a wait.
    const control = await open(files.control, constants.O_WRONLY | constants.O_NONBLOCK)
    try {
      await control.write(`${line}\n`)
    } finally {
      await control.close()
    }
  } catch (cause) {
    throw new RapidoError('host', 'the keeper of the Ceph cluster is gone', {
      hint: '`rapido ceph up` starts the cluster again',
      cause,
    })
  }
}
