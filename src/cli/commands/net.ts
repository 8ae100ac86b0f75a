import type { Argv } from 'yargs'
import { loadSettings } from '../../config/load.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'

export interface NetOptions extends GlobalOptions {
  action: keyof typeof actions
  command?: string[]
  '--'?: string[]
  force: boolean
  json: boolean
}

const actions = {
  up: async () => (await import('../net/up.js')).up,
  down: async () => (await import('../net/down.js')).down,
  status: async () => (await import('../net/status.js')).status,
  exec: async () => (await import('../net/exec.js')).exec,
}

export function options(builder: Argv): Argv {
  return builder
    .positional('action', {
      choices: Object.keys(actions),
      demandOption: true,
      describe:
        "Make the bridge on the host (root); take down what is up; show it; run a program in one's private network",
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

export async function run(argv: NetOptions, io: Io): Promise<Status> {
  const { settings } = await loadSettings(surroundings(argv, io))
  const action = await actions[argv.action]()
  return action(settings, argv, io)
}
