import type { Argv } from 'yargs'
import { listProfiles } from '../../config/profiles.js'
import { exitStatus } from '../../errors.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'
import { table } from '../table.js'

interface Options extends GlobalOptions {
  json: boolean
}

export function options(builder: Argv): Argv {
  return builder.option('json', { type: 'boolean', default: false, describe: 'For scripts' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const profiles = await listProfiles(surroundings(argv, io))
  if (argv.json) {
    io.stdout.write(`${JSON.stringify(profiles, undefined, 2)}\n`)
    return exitStatus.success
  }
  const rows = profiles.map(({ name, summary, origin, folder, shadowed, problem }) => [
    name,
    problem === undefined ? summary : `broken: ${problem.split('\n')[0]}`,
    `${origin === 'shipped' ? origin : folder}${shadowed ? ' (shadowed by the one above)' : ''}`,
  ])
  io.stdout.write(table(['PROFILE', 'SUMMARY', 'FROM'], rows))
  return exitStatus.success
}
