import type { Argv } from 'yargs'
import { planSuite } from '../../runs/suite/plan-suite.js'
import type { Io, Status } from '../io.js'
import { runSuiteCommand } from '../run-suite-command.js'
import { type SuiteCommandOptions, suiteOptions } from '../suite-options.js'

interface Options extends SuiteCommandOptions {
  profile: string
  test?: string[]
}

export function options(builder: Argv): Argv {
  return suiteOptions(builder)
    .positional('profile', { type: 'string', demandOption: true, describe: 'A profile with [suite]' })
    .positional('test', { type: 'string', array: true, describe: 'Tests by name; * stands for any text' })
    .example('$0 suite blktests loop block/001', 'a group of blktests, and a test')
    .example('$0 suite mine "net-*"', 'tests of a profile of yours')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const { profile } = argv
  return runSuiteCommand(
    {
      suite: profile,
      profile,
      words: argv.test ?? [],
      plan: (words, from, options) => planSuite(profile, words, from, options),
    },
    argv,
    io,
  )
}
