import type { Argv } from 'yargs'
import { loadSettings } from '../../config/load.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'

export interface CephOptions extends GlobalOptions {
  action: keyof typeof actions
  command?: string[]
  '--'?: string[]
  osds?: number
  mds?: number
  keep: boolean
  force: boolean
  json: boolean
}

const actions = {
  up: async () => (await import('../ceph/up.js')).up,
  down: async () => (await import('../ceph/down.js')).down,
  status: async () => (await import('../ceph/status.js')).status,
  env: async () => (await import('../ceph/env.js')).env,
  exec: async () => (await import('../ceph/exec.js')).exec,
}

export function options(builder: Argv): Argv {
  return builder
    .positional('action', {
      choices: Object.keys(actions),
      demandOption: true,
      describe: 'Start it; end it; show it; variables for a shell; run a program that knows of it, where it is reached',
    })
    .positional('command', {
      type: 'string',
      array: true,
      describe: 'Of exec, after --: the program and its arguments',
    })
    .option('osds', { type: 'number', requiresArg: true, describe: 'Of up: how many OSDs; else ceph.osds' })
    .option('mds', { type: 'number', requiresArg: true, describe: 'Of up: how many MDS; else ceph.mds' })
    .option('keep', { type: 'boolean', default: false, describe: 'Of down: what is stored stays, for the next up' })
    .option('force', { type: 'boolean', default: false, describe: 'Of down: even where VMs use it' })
    .option('json', { type: 'boolean', default: false, describe: 'Of status: for scripts' })
    .example('$0 ceph up --osds 1', 'the smallest one')
    .example('$0 ceph exec -- ceph -s', 'any program of Ceph')
}

export async function run(argv: CephOptions, io: Io): Promise<Status> {
  const shape = (['osds', 'mds'] as const).flatMap((key) =>
    argv[key] === undefined ? [] : [`ceph.${key}=${argv[key]}`],
  )
  const from = surroundings(argv, io)
  const { settings } = await loadSettings({ ...from, sets: [...(from.sets ?? []), ...shape] })
  const action = await actions[argv.action]()
  return action(settings, argv, io)
}
