import type { Argv } from 'yargs'
import { loadSettings } from '../../config/load.js'
import { exitStatus, RapidoError } from '../../errors.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'

interface Options extends GlobalOptions {
  action: 'status' | 'down' | 'exec'
  command?: string[]
  '--'?: string[]
  force: boolean
  json: boolean
}

export function options(builder: Argv): Argv {
  return builder
    .positional('action', {
      choices: ['status', 'down', 'exec'] as const,
      demandOption: true,
      describe: 'Show what is up; take it down; run a program in the private network',
    })
    .positional('command', {
      type: 'string',
      array: true,
      describe: 'Of exec, after --: the program and its arguments',
    })
    .option('force', { type: 'boolean', default: false, describe: 'Of down: stop what still uses it' })
    .option('json', { type: 'boolean', default: false, describe: 'Of status: for scripts' })
    .example('$0 net exec -- ping rapido1', 'from the host, into the private network')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const { settings } = await loadSettings(surroundings(argv, io))
  switch (argv.action) {
    case 'status': {
      const { status } = await import('../net/status.js')
      return status(settings, argv, io)
    }
    case 'down': {
      const { downPrivateNetwork } = await import('../../runs/private-network.js')
      const wasUp = await downPrivateNetwork(settings.paths.state, argv)
      io.stderr.write(wasUp ? 'rapido: the private network is down\n' : 'rapido: no network is up\n')
      return exitStatus.success
    }
    case 'exec': {
      const words = [...(argv.command ?? []), ...(argv['--'] ?? [])]
      if (words.length === 0)
        throw new RapidoError('usage', 'net exec: which program?', { hint: 'rapido net exec -- PROGRAM …' })
      const { runInPrivateNetwork } = await import('../../runs/private-network.js')
      return runInPrivateNetwork(settings, words, io)
    }
  }
}
