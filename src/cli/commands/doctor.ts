import { styleText } from 'node:util'
import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import { examine, type Finding } from '../../runs/doctor.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'
import { Progress } from '../progress.js'

interface Options extends GlobalOptions {
  profile?: string[]
  json: boolean
}

export function options(builder: Argv): Argv {
  return builder
    .positional('profile', { type: 'string', array: true, describe: 'Those that shall run here; else all' })
    .option('json', { type: 'boolean', default: false, describe: 'For scripts' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const progress = new Progress(io, argv)
  progress.take({ type: 'phase', phase: 'planning' })
  const findings = await examine(argv.profile ?? [], surroundings(argv, io), io.signal)
  progress.done()
  if (argv.json) io.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`)
  else for (const finding of findings) io.stdout.write(line(finding, io))
  return findings.some(({ state }) => state === 'missing') ? exitStatus.host : exitStatus.success
}

function line({ state, subject, detail, remedy }: Finding, io: Io): string {
  const colour = { ok: 'green', note: 'yellow', missing: 'red' } as const
  const mark = io.stdout.isTTY && !io.env.NO_COLOR ? styleText(colour[state], state.padEnd(7)) : state.padEnd(7)
  const indented = (text: string) => text.replaceAll('\n', `\n${' '.repeat(8)}`)
  const advice = remedy === undefined ? '' : `${' '.repeat(8)}${indented(remedy)}\n`
  return `${mark} ${subject}: ${indented(detail)}\n${advice}`
}
