import type { Argv } from 'yargs'
import { exitStatus, RapidoError } from '../../errors.js'
import type { MachineEnd } from '../../machine/end.js'
import { describeEnd } from '../../machine/end.js'
import { runInteractive } from '../../runs/interactive.js'
import { membersOf } from '../../runs/plan-group.js'
import { planRun } from '../../runs/plan-run.js'
import type { Vm } from '../../runs/vm.js'
import { bootDetached } from '../detached.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { type CommandOptions, commandOptions, guestSteps, surroundings, vmCount, vmNumber } from '../options.js'
import { Progress } from '../progress.js'
import { type Stopwatch, startStopwatch } from '../stopwatch.js'
import { windowSize } from '../terminal.js'
import { askTiming, requireTimeable, tellTiming } from '../timing.js'
import { useShell } from '../use-shell.js'

export interface BootOptions extends GlobalOptions, CommandOptions {
  profile: string
  number?: number
  count: number
  detach: boolean
  gdb: boolean
  wait: boolean
}

export function options(builder: Argv): Argv {
  return commandOptions(builder)
    .positional('profile', { type: 'string', demandOption: true, describe: 'See `rapido list`' })
    .option('detach', { alias: 'd', type: 'boolean', default: false, describe: 'Leave it running; print its number' })
    .option('gdb', { type: 'boolean', default: false, describe: 'With a gdb stub: `rapido gdb VM` connects' })
    .option('wait', { type: 'boolean', default: false, describe: 'With --gdb: stand still until gdb says continue' })
    .epilogue("On the console: Ctrl-A c is QEMU's monitor, Ctrl-A x quits. `exit` powers off.")
    .example('$0 boot simple', 'a shell in the kernel under test')
}

export async function run(argv: BootOptions, io: Io): Promise<Status> {
  if (argv.wait && !argv.gdb) throw new RapidoError('usage', '--wait goes with --gdb')
  const stopwatch = startStopwatch()
  const members = await membersOf(argv.profile, surroundings(argv, io), { count: vmCount(argv) })
  requireTimeable(argv.timing, { machines: members.length })
  if (argv.detach && argv.timing !== undefined) throw new RapidoError('usage', '--timing does not go with --detach')
  if (argv.detach) return bootDetached(members, argv, io)
  if (members.length > 1) {
    throw new RapidoError('usage', 'a terminal has room for one console: boot several VMs with --detach', {
      hint: '`rapido console VM` attaches to one of them',
    })
  }

  const progress = new Progress(io, argv)
  const commands = await guestSteps(argv, io)
  try {
    const end = await runInteractive(
      async () => {
        progress.take({ type: 'phase', phase: 'planning' })
        const plan = await planRun(argv.profile, surroundings(argv, io), { signal: io.signal })
        if (plan.acceleration.note) progress.whisper(plan.acceleration.note)
        for (const note of plan.image.notes) progress.whisper(note)
        return plan
      },
      {
        commands,
        signal: io.signal,
        emit: (event) => {
          stopwatch.take(event)
          progress.take(event)
        },
        size: windowSize(io),
        term: io.env.TERM,
        number: vmNumber(argv.number),
        gdb: argv.gdb ? { wait: argv.wait } : undefined,
        mustSucceed: false,
        use: async (vm) => {
          progress.done()
          if (argv.timing !== undefined) await tellBoot(vm, argv.timing, { stopwatch, io })
          argv.timing = undefined // after a reboot it would have the time of the shell in it
          await useShell(vm, { io, progress })
        },
      },
    )
    progress.done()
    return statusOf(end, progress)
  } finally {
    progress.done()
  }
}

async function tellBoot(vm: Vm, timing: string, { stopwatch, io }: { stopwatch: Stopwatch; io: Io }): Promise<void> {
  await askTiming(vm, stopwatch)
  const title = `rapido boot ${vm.plan.profile.name} on ${vm.kernelRelease}`
  await tellTiming(stopwatch.phases(), { timing, title, io })
}

/** Who sits at the console and ends it by whatever key has what they wanted; a crash is another matter. */
function statusOf(end: MachineEnd, progress: Progress): Status {
  if (end.kind === 'panicked') {
    progress.say(describeEnd(end))
    return exitStatus.crash
  }
  if (end.kind === 'failed' || end.kind === 'killed') throw new RapidoError('host', describeEnd(end))
  return exitStatus.success
}
