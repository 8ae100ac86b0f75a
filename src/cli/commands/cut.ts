import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import { ensureImage } from '../../image/ensure.js'
import { planRun } from '../../runs/plan-run.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'
import { Progress } from '../progress.js'

interface Options extends GlobalOptions {
  profile: string
  force: boolean
}

export function options(builder: Argv): Argv {
  return builder
    .positional('profile', { type: 'string', demandOption: true, describe: 'See `rapido list`' })
    .option('force', { type: 'boolean', default: false, describe: 'Build it even if the one in the cache is good' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const progress = new Progress(io, argv)
  try {
    progress.take({ type: 'phase', phase: 'planning' })
    const plan = await planRun(argv.profile, surroundings(argv, io), { signal: io.signal })
    for (const note of plan.image.notes) progress.say(note)
    const image = await ensureImage(plan.image, {
      cacheDir: plan.settings.paths.cache,
      signal: io.signal,
      emit: progress.take,
      force: argv.force,
    })
    progress.done()
    io.stdout.write(`${plan.image.output ?? image.path}\n`)
    return exitStatus.success
  } finally {
    progress.done()
  }
}
