import type { Argv } from 'yargs'
import { planFstests } from '../../runs/suite/plan-fstests.js'
import type { Io, Status } from '../io.js'
import { runSuiteCommand } from '../run-suite-command.js'
import { type SuiteCommandOptions, suiteOptions } from '../suite-options.js'

interface Options extends SuiteCommandOptions {
  fs: string
  'run-excluded': boolean
}

export function options(builder: Argv): Argv {
  return suiteOptions(builder)
    .positional('fs', { type: 'string', demandOption: true, describe: 'xfs, ext4, … : the profile fstests-FS' })
    .option('run-excluded', {
      type: 'boolean',
      default: false,
      describe: 'Run what exclude files leave out: it may fail, and is told where it passes',
    })
    .example('$0 fstests xfs -g quick -x dangerous', "check's own arguments: -g -x -X -e -E -s -S -r -n, and tests")
    .example('$0 fstests ext4 generic/001 "generic/0[12]*"', 'tests by name')
    .example('$0 fstests xfs -g auto --vms 4 --rerun-failed 3', 'in four VMs; what fails is tried three times more')
    .example('$0 fstests xfs --resume DIR', 'goes on with a run that was cut short')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const { fs } = argv
  return runSuiteCommand(
    {
      suite: 'fstests',
      profile: `fstests-${fs}`,
      words: [...(argv['run-excluded'] ? ['--run-excluded'] : []), ...(argv['--'] ?? [])],
      plan: (words, from, options) => planFstests(fs, words, from, options),
    },
    argv,
    io,
  )
}
