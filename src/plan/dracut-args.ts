import { join } from 'node:path'
import type { DracutFacts } from './image-facts.js'

/** What goes into an image, as dracut is told it. */
export interface DracutPlan extends DracutFacts {
  kernel: { release: string; modulesDir: string | undefined; drivers: string[] } | undefined // undefined: no matter which
  with: string[] // dracut modules
  install: string[] // absolute paths
  include: { from: string; to: string }[]
  extra: string[] // image.dracut_args
}

/** The files of one build, below the folder that is held for it. */
export function buildFiles(hold: string) {
  return { confdir: join(hold, 'conf'), tmpdir: join(hold, 'tmp'), image: join(hold, 'image.img') }
}

/** The arguments of dracut. `hold` is the folder of this build; the rest is the same for every build of the plan. */
export function dracutArgv(plan: DracutPlan, hold: string): string[] {
  const files = buildFiles(hold)
  const { kernel } = plan
  const spaceless = plan.install.filter((path) => !/\s/.test(path))
  const spaced = plan.install.filter((path) => /\s/.test(path)) // --install splits at spaces
  // biome-ignore format: an option and its value share a line
  return [
    ...(plan.local ? ['--local'] : []),
    '--force',
    '--no-hostonly',
    '--no-hostonly-cmdline',
    '--no-compress', // a quarter of the time, and the cache's check reads what went in
    '--no-early-microcode',
    '--nohardlink', // one pass less
    '--nofscks',
    '--reproducible',
    '--conf', '/dev/null', // not this host's /etc/dracut.conf
    '--confdir', files.confdir, // nor its dracut.conf.d
    '--tmpdir', files.tmpdir,
    '--kver', kernel?.release ?? 'none', // not the host's
    ...(kernel?.modulesDir === undefined ? ['--no-kernel'] : ['--kmoddir', kernel.modulesDir]),
    '--modules', plan.with.join(' '),
    ...(spaceless.length > 0 ? ['--install', spaceless.join(' ')] : []),
    ...spaced.flatMap((path) => ['--include', path, path]),
    ...plan.include.flatMap(({ from, to }) => ['--include', from, to]),
    ...(kernel && kernel.drivers.length > 0 ? ['--add-drivers', kernel.drivers.join(' ')] : []),
    ...plan.extra,
    files.image,
  ]
}
