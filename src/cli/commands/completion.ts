import { readFile } from 'node:fs/promises'
import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import { packageFile } from '../../host/package-root.js'
import type { GlobalOptions, Io, Status } from '../io.js'

interface Options extends GlobalOptions {
  shell: 'bash' | 'zsh' | 'fish'
}

export function options(builder: Argv): Argv {
  return builder
    .positional('shell', {
      choices: ['bash', 'zsh', 'fish'] as const,
      demandOption: true,
      describe: 'Whose: prints what that shell loads',
    })
    .example('source <($0 completion bash)', 'in ~/.bashrc')
    .example('$0 completion fish > ~/.config/fish/completions/rapido.fish', '')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  io.stdout.write(await readFile(packageFile(`src/cli/completion/rapido.${argv.shell}`)))
  return exitStatus.success
}
