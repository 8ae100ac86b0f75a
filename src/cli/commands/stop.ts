import type { Argv } from 'yargs'
import { exitStatus, RapidoError } from '../../errors.js'
import { RemoteVm } from '../../runs/remote.js'
import { findVm, readVmInfos } from '../../runs/vm-info.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { stateFolder } from '../running-vm.js'

interface Options extends GlobalOptions {
  vm?: string[]
  all: boolean
}

export function options(builder: Argv): Argv {
  return builder
    .positional('vm', { type: 'string', array: true, describe: 'Their numbers' })
    .option('all', { type: 'boolean', default: false, describe: 'Every VM that runs' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const stateDir = await stateFolder(argv, io)
  const names = argv.vm ?? []
  if (names.length === 0 && !argv.all)
    throw new RapidoError('usage', 'stop: which VM?', { hint: 'rapido stop 1, or --all' })
  const vms = argv.all ? await readVmInfos(stateDir) : await Promise.all(names.map((name) => findVm(stateDir, name)))
  await Promise.all(vms.map((info) => new RemoteVm(stateDir, info).stop()))
  return exitStatus.success
}
