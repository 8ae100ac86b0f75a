import type { Argv } from 'yargs'
import { parseDurationMs } from '../config/units.js'
import { RapidoError } from '../errors.js'
import type { Surroundings } from '../runs/plan-run.js'
import type { Command } from '../runs/vm.js'
import type { GlobalOptions, Io } from './io.js'

/** Where configuration comes from for a command line. */
export function surroundings(argv: GlobalOptions & { cold?: boolean }, io: Io): Surroundings {
  const sets = argv.cold ? [...argv.set, 'snapshot.use=never'] : argv.set
  return { cwd: io.cwd, home: io.home, env: io.env, configFile: argv.config, sets }
}

/** -x and -f, of boot and run. */
export interface CommandOptions {
  x: string[]
  f: string[]
  cold: boolean
  timing?: string // a file, or '' for none
}

export function commandOptions(builder: Argv): Argv {
  return builder
    .option('x', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'A shell command for the guest, after boot.sh',
    })
    .option('f', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'A script of this host, run after those',
    })
    .option('cold', { type: 'boolean', default: false, describe: 'Boot, whatever snapshot there is' })
    .option('timing', {
      type: 'string',
      describe: 'Tell where the time went, with =FILE.svg also as a plot; for one VM',
    })
    .option('number', {
      type: 'number',
      requiresArg: true,
      describe: 'The number of the VM; else the first free one',
    })
    .option('count', {
      alias: 'n',
      type: 'number',
      requiresArg: true,
      default: 1,
      describe: 'How many VMs; "-x 2: COMMAND" is for the second alone',
    })
}

export interface GuestStep {
  name: string
  command: Command
  script?: Buffer
}

/** The commands of -x, then the scripts of -f. Throws RapidoError('usage') for a script that can't be read. */
export async function guestSteps({ x, f }: Pick<CommandOptions, 'x' | 'f'>, io: Io): Promise<GuestStep[]> {
  const { readFile } = await import('node:fs/promises')
  const { resolve } = await import('node:path')
  const { guestRun } = await import('../plan/guest-env.js')
  const scripts = f.map(async (file): Promise<GuestStep> => {
    const script = await readFile(resolve(io.cwd, file)).catch((cause: NodeJS.ErrnoException) => {
      throw new RapidoError('usage', `-f ${file}: ${cause.code === 'ENOENT' ? 'no such file' : cause.message}`, {
        cause,
      })
    })
    const ownInterpreter = script.subarray(0, 2).toString() === '#!'
    return { name: file, command: ownInterpreter ? [guestRun.script] : ['bash', guestRun.script], script }
  })
  return [...x.map((command) => ({ name: command, command })), ...(await Promise.all(scripts))]
}

/** A VM number as typed. */
export function vmNumber(value: number | undefined): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= 1000)) return value
  throw new RapidoError('usage', '--number: use a number from 1 to 1000')
}

/** How many VMs, as typed; one number is for one VM only. */
export function vmCount({ count, number }: { count: number; number?: number | undefined }): number {
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw new RapidoError('usage', '--count: use a number from 1 to 1000')
  if (count > 1 && number !== undefined) throw new RapidoError('usage', '--number is for one VM, not for several')
  return count
}

/** A limit as typed for --timeout: undefined for "none". */
export function limitMs(option: string, value: string): number | undefined {
  if (value === 'none') return undefined
  const duration = parseDurationMs(value)
  if (duration !== undefined) return duration
  throw new RapidoError('usage', `${option} ${value}: use a duration such as 90s or 10m, or none`)
}
