import type { Argv } from 'yargs'
import { planKselftest } from '../../runs/suite/plan-kselftest.js'
import type { Io, Status } from '../io.js'
import { runSuiteCommand } from '../run-suite-command.js'
import { type SuiteCommandOptions, suiteOptions } from '../suite-options.js'

interface Options extends SuiteCommandOptions {
  target?: string[]
}

export function options(builder: Argv): Argv {
  return suiteOptions(builder)
    .positional('target', { type: 'string', array: true, describe: 'Collections or tests; * stands for any text' })
    .example('$0 kselftest seccomp timers', 'two collections of kselftest.dir, or of the tree kernel.src')
    .example('$0 kselftest seccomp:seccomp_bpf "net:*tls*"', 'tests by name')
    .example('$0 kselftest --dry-run', 'what there is')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  return runSuiteCommand(
    { suite: 'kselftest', profile: 'kselftest', words: argv.target ?? [], plan: planKselftest },
    argv,
    io,
  )
}
