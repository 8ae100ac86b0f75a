import type { Argv } from 'yargs'
import { loadSettings } from '../../config/load.js'
import { exitStatus } from '../../errors.js'
import { type CachedImage, cacheGc, cacheList, unusedMsOf } from '../../image/cache.js'
import { type CachedSnapshot, snapshotGc, snapshotList } from '../../image/snapshots.js'
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
      describe: 'List, or remove unused images, their layers and snapshots',
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

/** An image, a layer of images, or a snapshot. */
type Cached = CachedImage | (CachedSnapshot & { kind: 'snapshot' })

function list(cacheDir: string, argv: Options, io: Io): Status {
  const cached = together(cacheList(cacheDir), snapshotList(cacheDir))
  if (argv.json) io.stdout.write(`${JSON.stringify(cached, undefined, 2)}\n`)
  else if (cached.length > 0) io.stdout.write(asTable(cached))
  else io.stderr.write(`Nothing in ${cacheDir}.\n`)
  return exitStatus.success
}

async function collect(cacheDir: string, argv: Options, io: Io): Promise<Status> {
  const which = argv.all ? { all: true } : { keepDays: argv.days }
  const images = await cacheGc(cacheDir, which)
  const removed = together(images, snapshotGc(cacheDir, { unusedMs: unusedMsOf(which) }))
  if (argv.json) io.stdout.write(`${JSON.stringify(removed, undefined, 2)}\n`)
  else if (removed.length > 0) io.stdout.write(asTable(removed))
  const bytes = removed.reduce((sum, { bytes }) => sum + bytes, 0)
  io.stderr.write(`${removed.length} removed, ${mebibytes(bytes)} freed\n`)
  return exitStatus.success
}

function together(images: CachedImage[], snapshots: CachedSnapshot[]): Cached[] {
  const cached = [...images, ...snapshots.map((snapshot) => ({ kind: 'snapshot' as const, ...snapshot }))]
  return cached.sort((one, other) => other.lastUsed.getTime() - one.lastUsed.getTime())
}

function asTable(cached: Cached[]): string {
  const rows = cached.map(({ profile, release, kind, bytes, lastUsed, path }) => {
    return [profile, release, kind, mebibytes(bytes), lastUsed.toISOString().slice(0, 16).replace('T', ' '), path]
  })
  return table(['PROFILE', 'KERNEL', 'KIND', 'SIZE', 'LAST USED', 'PATH'], rows)
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`
}
