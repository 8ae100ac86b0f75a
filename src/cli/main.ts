import { homedir } from 'node:os'
import { exitStatus, RapidoError } from '../errors.js'
import { commands } from './commands.js'
import { showError } from './errors.js'
import type { GlobalOptions, Io, Status } from './io.js'
import { withCheckWordsApart } from './suite-options.js'

/** The whole of rapido: runs a command line and returns the exit status. */
export async function main(args: string[], io: Io = processIo()): Promise<Status> {
  try {
    return await dispatch(withCheckWordsApart(args), io)
  } catch (thrown) {
    // yargs throws some of its own past its fail handler: an option without its value.
    const error = thrown instanceof Error && thrown.name === 'YError' ? wrongUsage(thrown.message, args) : thrown
    const verbose = args.includes('--verbose')
    showError(error, { io, verbose })
    return error instanceof RapidoError ? exitStatus[error.code] : exitStatus.host
  }
}

async function dispatch(args: string[], io: Io): Promise<Status> {
  const { default: yargs } = await import('yargs')
  let status: Status = exitStatus.success
  const parser = yargs()
    .scriptName('rapido')
    .usage('$0 COMMAND\n\nBoots a kernel under test in a throwaway VM, wired up for what is being tested.')
    .parserConfiguration({ 'populate--': true, 'camel-case-expansion': false, 'parse-positional-numbers': false })
    .option('set', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'Override a setting: KEY=VALUE',
      global: true,
    })
    .option('config', { type: 'string', requiresArg: true, describe: 'Another rapido.toml', global: true })
    .option('verbose', {
      type: 'boolean',
      default: false,
      describe: 'Show the stack of errors, and more notes',
      global: true,
    })
    .version(false)
    .help('help')
    .alias('help', 'h')
    .strict()
    .recommendCommands()
    .demandCommand(1, 'Which command?')
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? wrongUsage(message ?? 'wrong usage', args)
    })
    // yargs makes its help text before each command, whether anybody asks for it or not; half of the time is for this.
    .wrap(args.includes('--help') || args.includes('-h') ? Math.min(120, io.stdout.columns ?? 100) : null)
    .epilogue(
      'Exit status: 0 success, 1 the guest failed, 2 usage or configuration, 3 this host cannot, 4 the kernel crashed, 5 timed out, 130 interrupted.',
    )

  for (const { command, describe, load } of commands) {
    parser.command(
      command,
      describe as string, // false hides it, which the types do not know
      async (builder) => (await load()).options(builder),
      async (argv) => {
        const module = await load()
        status = await module.run(argv as unknown as GlobalOptions, io)
      },
    )
  }
  await parser.parseAsync(args, {}, (error, _argv, output) => {
    if (error) throw error
    if (output) io.stdout.write(`${output}\n`)
  })
  return status
}

function wrongUsage(message: string, args: string[]): RapidoError {
  const row = commands.find(({ command }) => command.split(' ')[0] === args.find((word) => !word.startsWith('-')))
  if (row === undefined) {
    const known = commands.filter(({ describe }) => describe !== false).map(({ command }) => command.split(' ')[0])
    return new RapidoError('usage', message.replace(/^Unknown argument/, 'unknown command'), {
      hint: `there are ${known.join(', ')}; see \`rapido --help\``,
    })
  }
  const missing = message.startsWith('Not enough non-option arguments')
  return new RapidoError('usage', missing ? `${row.command.split(' ')[0]}: something is missing` : message, {
    hint: `usage: rapido ${row.command}; see \`rapido ${row.command.split(' ')[0]} --help\``,
  })
}

/** The terminal's own. The first Ctrl-C aborts; the second ends us, and what holds our folders cleans up (host/hold). */
function processIo(): Io {
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(exitStatus.interrupted)
      interrupted.abort(new RapidoError('interrupted', `interrupted by ${name}`))
    })
  }
  for (const stream of [process.stdout, process.stderr]) {
    // `rapido run … | head`: who reads us has gone; so do we, cleanly.
    stream.on('error', () => interrupted.abort(new RapidoError('interrupted', 'nobody reads the output any more')))
  }
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    home: process.env.HOME ?? homedir(),
    signal: interrupted.signal,
  }
}
