import type { Argv } from 'yargs'
import { listProfiles } from '../../config/profiles.js'
import { exitStatus, RapidoError } from '../../errors.js'
import { type Looks, readinessOf, sharedLooks } from '../../runs/can-run.js'
import type { Surroundings } from '../../runs/plan-run.js'
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
  const from = surroundings(argv, io)
  const looks = sharedLooks()
  const profiles = await Promise.all(
    (await listProfiles(from)).map(async (entry) => ({ ...entry, missing: await missingFor(entry, { from, looks }) })),
  )
  if (argv.json) {
    io.stdout.write(`${JSON.stringify(profiles, undefined, 2)}\n`)
    return exitStatus.success
  }
  const shown = profiles.filter(({ template }) => !template)
  const rows = shown.map(({ name, summary, origin, folder, shadowed, problem, missing }) => [
    name,
    missing.length === 0 ? 'yes' : 'no',
    problem === undefined ? summary : `broken: ${problem.split('\n')[0]}`,
    `${origin === 'shipped' ? origin : folder}${shadowed ? ' (shadowed by the one above)' : ''}`,
  ])
  io.stdout.write(table(['PROFILE', 'RUNS', 'SUMMARY', 'FROM'], rows))
  if (shown.some(({ missing }) => missing.length > 0)) {
    io.stderr.write('`rapido doctor PROFILE` says what one that does not run here needs\n')
  }
  return exitStatus.success
}

/** What keeps a profile from running here, a line each; one that is shadowed, or a template, is not looked at. */
async function missingFor(
  { name, shadowed, template, problem }: Awaited<ReturnType<typeof listProfiles>>[number],
  { from, looks }: { from: Surroundings; looks: Looks },
): Promise<string[]> {
  if (problem !== undefined) return problem.split('\n')
  if (shadowed || template) return []
  try {
    const { problems } = await readinessOf(name, from, { withSettings: true, looks })
    return problems.flatMap(({ message }) => message.split('\n'))
  } catch (error) {
    if (!(error instanceof RapidoError) || error.code === 'interrupted') throw error
    return error.message.split('\n')
  }
}
