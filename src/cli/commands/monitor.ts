import { createInterface } from 'node:readline'
import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { runningVm } from '../running-vm.js'

interface Options extends GlobalOptions {
  vm: string
  command?: string[]
  '--'?: string[]
}

export function options(builder: Argv): Argv {
  return builder
    .positional('vm', { type: 'string', demandOption: true, describe: 'Its number' })
    .positional('command', {
      type: 'string',
      array: true,
      describe: 'A command of the human monitor; none: ask for them',
    })
    .example('$0 monitor 1 info status', 'one command')
    .example('$0 monitor 1', 'one after the other, until Ctrl-D')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const vm = await runningVm(argv.vm, argv, io)
  const words = [...(argv.command ?? []), ...(argv['--'] ?? [])]
  if (words.length > 0) {
    io.stdout.write(await vm.monitor(words.join(' ')))
    return exitStatus.success
  }
  const lines = createInterface({
    input: io.stdin,
    ...(io.stdin.isTTY ? { output: io.stdout } : {}),
    prompt: '(qemu) ',
  })
  lines.prompt()
  for await (const line of lines) {
    if (line.trim() !== '') io.stdout.write(await vm.monitor(line))
    lines.prompt()
  }
  return exitStatus.success
}
