import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import { readVmInfos } from '../../runs/vm-info.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { stateFolder } from '../running-vm.js'
import { table } from '../table.js'

interface Options extends GlobalOptions {
  json: boolean
}

export function options(builder: Argv): Argv {
  return builder.option('json', { type: 'boolean', default: false, describe: 'For scripts' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const vms = await readVmInfos(await stateFolder(argv, io))
  if (argv.json) {
    io.stdout.write(`${JSON.stringify(vms, undefined, 2)}\n`)
    return exitStatus.success
  }
  if (vms.length === 0) {
    io.stderr.write('No VM runs. `rapido boot PROFILE` starts one.\n')
    return exitStatus.success
  }
  const rows = vms.map((vm) => [
    String(vm.number),
    vm.profile,
    vm.kernel,
    vm.state,
    age(Date.now() - Date.parse(vm.startedAt)),
    String(vm.pid),
    vm.addresses[0] ?? '',
    vm.consoleLog,
  ])
  io.stdout.write(table(['VM', 'PROFILE', 'KERNEL', 'STATE', 'UP', 'PID', 'ADDRESS', 'CONSOLE'], rows))
  return exitStatus.success
}

function age(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  if (minutes === 0) return `${Math.round(milliseconds / 1000)} s`
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}
