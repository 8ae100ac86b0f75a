import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { runningVm } from '../running-vm.js'
import { attachTerminal, windowSize } from '../terminal.js'

interface Options extends GlobalOptions {
  vm: string
}

export function options(builder: Argv): Argv {
  return builder
    .positional('vm', { type: 'string', demandOption: true, describe: 'Its number' })
    .epilogue("Ctrl-A d detaches; Ctrl-A c is QEMU's monitor, Ctrl-A x ends the VM.")
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const vm = await runningVm(argv.vm, argv, io)
  io.stderr.write(`rapido: vm${vm.info.number}: Ctrl-A d detaches, Ctrl-A c is QEMU's monitor, Ctrl-A x ends the VM\n`)
  const console = await vm.console({ size: windowSize(io), onOutput: (chunk) => void io.stdout.write(chunk) })
  const restore = attachTerminal(io, console)
  io.signal.addEventListener('abort', () => console.detach())
  try {
    await console.ended
  } finally {
    restore()
    io.stderr.write('\n')
  }
  return exitStatus.success
}
