import type { Argv } from 'yargs'
import { loadSettings } from '../../config/load.js'
import { exitStatus } from '../../errors.js'
import { cacheGc, cacheList } from '../../image/cache.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'
import { table } from '../table.js'

interface Options extends GlobalOptions {
  action: 'ls' | 'gc'
  json: boolean
  all: boolean
  days: number
}

export function options(builder: Argv): Argv {
  return builder
    .positional('action', { choices: ['ls', 'gc'] as const, demandOption: true, describe: 'List, or remove unused images' })
    .option('json', { type: 'boolean', default: false, describe: 'For scripts' })
    .option('days', { type: 'number', default: 14, requiresArg: true, describe: 'gc: remove what was not used for so long' })
    .option('all', { type: 'boolean', default: false, describe: 'gc: remove every image' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const { settings } = await loadSettings(surroundings(argv, io))
  const entries =
    argv.action === 'ls'
      ? await cacheList(settings.paths.cache)
      : await cacheGc(settings.paths.cache, argv.all ? { all: true } : { keepDays: argv.days })
  if (argv.json) {
    io.stdout.write(`${JSON.stringify(entries, undefined, 2)}\n`)
    return exitStatus.success
  }
  const rows = entries.map(({ profile, release, bytes, lastUsed, path }) => [
    profile,
    release,
    `${(bytes / 1024 / 1024).toFixed(0)} MiB`,
    new Date(lastUsed).toISOString().slice(0, 16).replace('T', ' '),
    path,
  ])
  if (argv.action === 'gc') io.stderr.write(`Removed ${entries.length} image${entries.length === 1 ? '' : 's'}.\n`)
  if (rows.length > 0) io.stdout.write(table(['PROFILE', 'KERNEL', 'SIZE', 'LAST USED', 'IMAGE'], rows))
  return exitStatus.success
}
