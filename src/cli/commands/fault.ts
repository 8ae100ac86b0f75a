import type { Argv } from 'yargs'
import { daemonsOf } from '../../ceph/cluster.js'
import { faultVerbs, isCephFault } from '../../config/fault-verbs.js'
import { loadSettings } from '../../config/load.js'
import { exitStatus, RapidoError } from '../../errors.js'
import { faultOptions, readFault } from '../../plan/faults.js'
import { requireCluster } from '../../runs/ceph-cluster.js'
import { faultThrowaway } from '../../runs/fault-ceph.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'
import { runningVm } from '../running-vm.js'
import { table } from '../table.js'

interface Options extends GlobalOptions {
  vm: string
  verb?: string
  words?: string[]
  json: boolean
}

export function options(builder: Argv): Argv {
  const verbs = Object.entries(faultVerbs).map(([verb, { about, undo }]) => [
    `  ${verb}`,
    undo === undefined ? about : `${about}; ${undo} undoes it`,
  ])
  return builder
    .positional('vm', { type: 'string', demandOption: true, describe: 'Its number; or "ceph", the throwaway cluster' })
    .positional('verb', { type: 'string', describe: 'What to do; without one, what it can be done to' })
    .positional('words', { type: 'string', array: true, describe: 'What to do it to, then KEY=VALUE' })
    .option('json', { type: 'boolean', default: false, describe: 'What it can be done to, as JSON' })
    .epilogue(table(['Verbs:', ''], verbs))
    .example('$0 fault 1 path-dead hda', 'all I/O on this path fails')
    .example('$0 fault ceph osd-kill 0', 'one OSD less')
    .example('$0 fault 1 io-error hdb operation=write every=10', 'every tenth write fails')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const { verb, words = [] } = argv
  if (argv.vm === 'ceph') return onCluster(argv, io)
  const vm = await runningVm(argv.vm, argv, io)
  if (verb !== undefined) {
    const written = faultOptions(verb, words)
    readFault(verb, written) // what is mistyped is told before anybody is asked
    await vm.fault(verb, written)
    return exitStatus.success
  }
  const targets = await vm.faultTargets()
  if (argv.json) {
    io.stdout.write(`${JSON.stringify(targets, undefined, 2)}\n`)
  } else if (targets.length === 0) {
    io.stderr.write(`vm${vm.info.number} has neither disks nor NICs\n`)
  } else {
    const rows = targets.map(({ kind, name, of, state }) => [kind, name, of ?? '', state ?? ''])
    io.stdout.write(table(['TARGET', 'NAME', 'OF', 'STATE'], rows))
  }
  return exitStatus.success
}

/** A fault of the throwaway cluster, whoever uses it; without a verb, its daemons. */
async function onCluster({ verb, words = [], json, ...argv }: Options, io: Io): Promise<Status> {
  const { settings } = await loadSettings(surroundings(argv, io))
  if (verb !== undefined) {
    const fault = readFault(verb, faultOptions(verb, words))
    if (!isCephFault(fault)) throw new RapidoError('usage', `${verb} is done to a VM: rapido fault VM ${verb}`)
    await faultThrowaway(fault, settings)
    return exitStatus.success
  }
  const daemons = daemonsOf(requireCluster(settings.paths.state))
  const rows = daemons.map(({ name, pid }) => [name, pid === undefined ? 'dead' : 'up'])
  io.stdout.write(json ? `${JSON.stringify(daemons, undefined, 2)}\n` : table(['DAEMON', 'STATE'], rows))
  return exitStatus.success
}
