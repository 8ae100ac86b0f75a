import type { Argv } from 'yargs'
import { RapidoError } from '../../errors.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { runningVm } from '../running-vm.js'

interface Options extends GlobalOptions {
  vm: string
  command?: string[]
  '--'?: string[]
  cwd?: string
  env: string[]
}

export function options(builder: Argv): Argv {
  return builder
    .positional('vm', { type: 'string', demandOption: true, describe: 'Its number' })
    .positional('command', { type: 'string', array: true, describe: 'After --: the program and its arguments' })
    .option('cwd', { type: 'string', requiresArg: true, describe: 'Folder to run it in; else as the profile says' })
    .option('env', { type: 'string', array: true, nargs: 1, default: [], describe: 'NAME=VALUE for its environment' })
    .example('$0 exec 1 -- dmesg --level err', 'its output, its exit status')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const words = [...(argv.command ?? []), ...(argv['--'] ?? [])]
  if (words.length === 0)
    throw new RapidoError('usage', 'exec: which command?', { hint: 'rapido exec VM -- COMMAND …' })
  const vm = await runningVm(argv.vm, argv, io)
  const env = Object.fromEntries(argv.env.map(assignment))
  const interrupts = new AbortController()
  io.signal.addEventListener('abort', () => interrupts.abort())
  return vm.exec(
    { argv: words, env, ...(argv.cwd === undefined ? {} : { cwd: argv.cwd }) },
    {
      // A terminal that nobody types at would keep us from ending; who wants to type uses the console.
      stdin: io.stdin.isTTY ? undefined : io.stdin,
      stdout: io.stdout,
      stderr: io.stderr,
      signals: interrupts.signal,
    },
  )
}

function assignment(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new RapidoError('usage', `--env ${text}: use NAME=VALUE`)
  return [text.slice(0, at), text.slice(at + 1)]
}
