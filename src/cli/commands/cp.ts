import type { Argv } from 'yargs'
import { exitStatus, RapidoError } from '../../errors.js'
import { copyFromGuest, copyToGuest } from '../../runs/copy.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { runningVm } from '../running-vm.js'

interface Options extends GlobalOptions {
  from: string
  to: string
}

export function options(builder: Argv): Argv {
  return builder
    .positional('from', { type: 'string', demandOption: true, describe: 'A file or folder; VM:PATH in a guest' })
    .positional('to', { type: 'string', demandOption: true, describe: 'Where to; an existing folder takes it in' })
    .example('$0 cp 1:/var/log/messages .', 'out of the guest')
    .example('$0 cp test.sh 1:/root/', 'into it')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const from = place(argv.from)
  const to = place(argv.to)
  if ((from.vm === undefined) === (to.vm === undefined)) {
    throw new RapidoError('usage', 'cp: one of the two must be in a guest', {
      hint: 'rapido cp 1:/etc/hosts . or rapido cp FILE 1:/root/',
    })
  }
  const vm = await runningVm(from.vm ?? to.vm ?? '', argv, io)
  if (from.vm !== undefined) await copyFromGuest(vm, { from: from.path, to: to.path, cwd: io.cwd })
  else await copyToGuest(vm, { from: from.path, to: to.path, cwd: io.cwd })
  return exitStatus.success
}

function place(text: string): { vm: string | undefined; path: string } {
  const [, vm, path] = /^((?:vm|rapido)?\d+):(.*)$/s.exec(text) ?? []
  return vm === undefined ? { vm: undefined, path: text } : { vm, path: path || '/root' }
}
