import { styleText } from 'node:util'
import type { Argv } from 'yargs'
import { RapidoError } from '../../errors.js'
import { json } from '../../report/json.js'
import { junit } from '../../report/junit.js'
import type { RunResult } from '../../report/result.js'
import { summary } from '../../report/text.js'
import { commandScript } from '../../runs/commands.js'
import { planMembers } from '../../runs/plan-group.js'
import { runUnattended } from '../../runs/unattended.js'
import { exitStatusOf, verdictOf } from '../../runs/verdict.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import {
  type CommandOptions,
  commandOptions,
  guestSteps,
  limitMs,
  surroundings,
  vmCount,
  vmNumber,
} from '../options.js'
import { Progress } from '../progress.js'
import { writeReport } from '../reports.js'
import { startStopwatch } from '../stopwatch.js'
import { askTiming, requireTimeable, tellTiming } from '../timing.js'

interface Options extends GlobalOptions, CommandOptions {
  profile: string
  number?: number
  count: number
  timeout?: string
  junit?: string
  json?: string
}

export function options(builder: Argv): Argv {
  return commandOptions(builder)
    .positional('profile', { type: 'string', demandOption: true, describe: 'See `rapido list`' })
    .option('timeout', { type: 'string', requiresArg: true, describe: 'Limit for the whole run, such as 90s; or none' })
    .option('junit', { type: 'string', requiresArg: true, describe: 'Write the result as JUnit XML to this file' })
    .option('json', {
      type: 'string',
      requiresArg: true,
      describe: 'Write the result as JSON to this file; - is stdout',
    })
    .example('$0 run simple -x "uname -r"', 'boots, prints the release, powers off')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const stopwatch = startStopwatch()
  const progress = new Progress(io, argv)
  const startedAt = new Date()
  try {
    progress.take({ type: 'phase', phase: 'planning' })
    const commands = await guestSteps(argv, io)
    const number = vmNumber(argv.number)
    const count = vmCount(argv)
    const timeout = argv.timeout === undefined ? undefined : limitMs('--timeout', argv.timeout)
    let result: RunResult
    try {
      const members = await planMembers(argv.profile, surroundings(argv, io), { signal: io.signal, count })
      requireTimeable(argv.timing, { machines: members.length })
      const script = commandScript(commands)
      const notes = members.flatMap(({ plan }) => [plan.acceleration.note, ...plan.image.notes])
      for (const note of new Set(notes)) if (note) progress.whisper(note)
      result = await runUnattended(members, {
        profile: argv.profile,
        script: async (machines, steps) => {
          await script(machines, steps)
          const [one] = machines
          if (argv.timing === undefined || one === undefined) return
          stopwatch.mark('commands')
          await askTiming(one.vm, stopwatch)
        },
        number,
        timeoutMs: argv.timeout === undefined ? members[0]?.plan.settings.run.timeout : timeout,
        signal: io.signal,
        emit: (event) => {
          stopwatch.take(event)
          progress.take(event)
        },
        term: 'dumb', // what commands print goes to a log, not to a screen
      })
      stopwatch.mark('stopped')
      if (members.length === 1) result.timing = stopwatch.phases()
    } catch (error) {
      // A host that cannot run it is a result too, for whoever reads the reports.
      if (!(error instanceof RapidoError) || error.code === 'usage') throw error
      result = unplanned(argv.profile, startedAt, error)
    }
    progress.done()
    if (argv.timing !== undefined) {
      const title = `rapido run ${argv.profile} on ${result.kernel}`
      await tellTiming(result.timing ?? stopwatch.phases(), { timing: argv.timing, title, io })
    }
    if (argv.junit !== undefined) await writeReport(argv.junit, junit(result), io)
    if (argv.json !== undefined) await writeReport(argv.json, json(result), io)
    if (result.verdict.kind !== 'pass' || result.incidents.length > 0 || argv.verbose) {
      io.stderr.write(summary(result, io.stderr.isTTY && !io.env.NO_COLOR ? { style: styleText } : {}))
    }
    return result.exitStatus
  } finally {
    progress.done()
  }
}

function unplanned(profile: string, startedAt: Date, failure: RapidoError): RunResult {
  const verdict = verdictOf({ failure, steps: [], incidents: [] })
  return {
    profile,
    kernel: 'unknown kernel',
    vm: undefined,
    machines: [],
    verdict,
    exitStatus: exitStatusOf(verdict),
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    steps: [],
    incidents: [],
    consoleLog: undefined,
  }
}
