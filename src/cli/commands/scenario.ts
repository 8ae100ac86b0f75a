import { styleText } from 'node:util'
import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import { json } from '../../report/json.js'
import { junit } from '../../report/junit.js'
import { summary } from '../../report/text.js'
import { loadScenario, shippedScenarios } from '../../runs/load-scenario.js'
import { planScenario, runScenario } from '../../runs/scenario.js'
import type { Started } from '../../runs/start-group.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { limitMs, surroundings } from '../options.js'
import { Progress } from '../progress.js'
import { writeReport } from '../reports.js'
import { table } from '../table.js'
import { useShell } from '../use-shell.js'

interface Options extends GlobalOptions {
  scenario?: string
  timeout?: string
  junit?: string
  json?: string
  'shell-on-failure': boolean
}

export function options(builder: Argv): Argv {
  return builder
    .positional('scenario', { type: 'string', describe: 'A file, or the name of a shipped one; none: list those' })
    .option('timeout', { type: 'string', requiresArg: true, describe: 'Limit for all of it, such as 90s; or none' })
    .option('junit', { type: 'string', requiresArg: true, describe: 'Write the result as JUnit XML to this file' })
    .option('json', {
      type: 'string',
      requiresArg: true,
      describe: 'Write the result as JSON to this file; - is stdout',
    })
    .option('shell-on-failure', {
      type: 'boolean',
      default: false,
      describe: 'Where it fails: a shell on the console, before anything is stopped',
    })
    .example('$0 scenario multipath-failover', 'a path is cut under I/O')
    .example('$0 scenario ./failover.ts --junit out.xml', 'one of your own')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  if (argv.scenario === undefined) return listScenarios(io)
  const progress = new Progress(io, argv)
  try {
    const { name, file, definition } = await loadScenario(argv.scenario, io)
    progress.take({ type: 'phase', phase: 'planning' })
    const members = await planScenario(definition, surroundings(argv, io), io)
    const result = await runScenario(definition, members, {
      name,
      file,
      ...(argv.timeout === undefined ? {} : { timeoutMs: limitMs('--timeout', argv.timeout) }),
      signal: io.signal,
      // What boot.sh prints is no result: standard output is for --json.
      emit: (event) => progress.take(event.type === 'output' ? { ...event, stream: 'stderr' } : event),
      onFailure: (machines) => lookAround(machines, argv, { io, progress }),
    })
    progress.done()
    if (argv.junit !== undefined) await writeReport(argv.junit, junit(result), io)
    if (argv.json !== undefined) await writeReport(argv.json, json(result), io)
    io.stderr.write(summary(result, io.stderr.isTTY && !io.env.NO_COLOR ? { style: styleText } : {}))
    setTimeout(() => process.exit(result.exitStatus), 1000).unref() // whatever timers the scenario has left
    return result.exitStatus
  } finally {
    progress.done()
  }
}

async function listScenarios(io: Io): Promise<Status> {
  const rows = await Promise.all(
    shippedScenarios().map(async (name) => [name, (await loadScenario(name, io)).definition.summary ?? '']),
  )
  io.stdout.write(table(['SCENARIO', 'WHAT'], rows))
  return exitStatus.success
}

/** The console of the first machine, for whoever asked for it and sits at a terminal. */
async function lookAround(
  machines: Started[],
  argv: Options,
  { io, progress }: { io: Io; progress: Progress },
): Promise<void> {
  const [first] = machines
  if (!argv['shell-on-failure'] || !first || !io.stdin.isTTY) return
  progress.say(`it failed; here is ${first.role ?? 'the guest'} as it is now`)
  await useShell(first.vm, { io, progress })
}
