import type { Argv } from 'yargs'
import { loadSettings } from '../../config/load.js'
import { exitStatus } from '../../errors.js'
import { type CachedImage, cacheGc, cacheList } from '../../image/cache.js'
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
    .positional('action', {
      choices: ['ls', 'gc'] as const,
      demandOption: true,
      describe: 'List, or remove unused images',
    })
    .option('json', { type: 'boolean', default: false, describe: 'For scripts' })
    .option('days', {
      type: 'number',
      default: 30,
      requiresArg: true,
      describe: 'gc: remove what was not used for so long',
    })
    .option('all', { type: 'boolean', default: false, describe: 'gc: remove all that no run is about to open' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const { settings } = await loadSettings(surroundings(argv, io))
  return argv.action === 'ls' ? list(settings.paths.cache, argv, io) : collect(settings.paths.cache, argv, io)
}

function list(cacheDir: string, argv: Options, io: Io): Status {
  const images = cacheList(cacheDir)
  if (argv.json) io.stdout.write(`${JSON.stringify(images, undefined, 2)}\n`)
  else if (images.length > 0) io.stdout.write(asTable(images))
  else io.stderr.write(`No image in ${cacheDir}.\n`)
  return exitStatus.success
}

async function collect(cacheDir: string, argv: Options, io: Io): Promise<Status> {
  const removed = await cacheGc(cacheDir, argv.all ? { all: true } : { keepDays: argv.days })
  if (argv.json) io.stdout.write(`${JSON.stringify(removed, undefined, 2)}\n`)
  else if (removed.length > 0) io.stdout.write(asTable(removed))
  const bytes = removed.reduce((sum, image) => sum + image.bytes, 0)
  io.stderr.write(`${removed.length} removed, ${mebibytes(bytes)} freed\n`)
  return exitStatus.success
}

function asTable(images: CachedImage[]): string {
  const rows = images.map(({ profile, release, bytes, lastUsed, path }) => {
    return [profile, release, mebibytes(bytes), lastUsed.toISOString().slice(0, 16).replace('T', ' '), path]
  })
  return table(['PROFILE', 'KERNEL', 'SIZE', 'LAST USED', 'IMAGE'], rows)
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`
}
