import { dirname, join } from 'node:path'
import type { Argv } from 'yargs'
import { RapidoError } from '../../errors.js'
import { runInForeground } from '../../host/foreground.js'
import { arch } from '../../plan/arch.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { runningVm } from '../running-vm.js'

interface Options extends GlobalOptions {
  vm: string
  '--'?: string[]
}

export function options(builder: Argv): Argv {
  return builder
    .positional('vm', { type: 'string', demandOption: true, describe: 'Its number' })
    .example('$0 gdb 1 -- -ex "break panic"', 'more arguments for gdb')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const { info } = await runningVm(argv.vm, argv, io)
  if (info.gdb === undefined) {
    throw new RapidoError('usage', `vm${info.number} has no gdb stub`, {
      hint: `boot it with --gdb: rapido boot ${info.profile} --gdb`,
    })
  }
  const vmlinux = info.vmlinux
  if (vmlinux === undefined) io.stderr.write('rapido: no vmlinux of this kernel here: gdb will know no symbols\n')
  const args = [
    '-quiet',
    ...(vmlinux === undefined ? [] : ['-iex', `add-auto-load-safe-path ${dirname(vmlinux)}`, vmlinux]),
    ...['-ex', `set architecture ${arch.gdbArch}`],
    ...['-ex', `target remote ${info.gdb}`],
    ...(vmlinux === undefined ? [] : ['-ex', `source ${join(dirname(vmlinux), 'vmlinux-gdb.py')}`]),
    ...(argv['--'] ?? []),
  ]
  return runInForeground('gdb', args, { hint: 'install gdb' })
}
