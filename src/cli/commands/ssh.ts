import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Argv } from 'yargs'
import { RapidoError } from '../../errors.js'
import { runInForeground } from '../../host/foreground.js'
import { requireProgram } from '../../host/require-program.js'
import { writeAtomic } from '../../host/write.js'
import { enterNetwork } from '../../network/private.js'
import { forwardedPort, knownHosts, sshArgs } from '../../plan/ssh-args.js'
import { vmFiles } from '../../plan/state-files.js'
import { RemoteVm } from '../../runs/remote.js'
import { findVm } from '../../runs/vm-info.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { stateFolder } from '../running-vm.js'

interface Options extends GlobalOptions {
  vm: string
  command?: string[]
  '--'?: string[]
  i?: string
}

export function options(builder: Argv): Argv {
  return builder
    .positional('vm', { type: 'string', demandOption: true, describe: 'Its number' })
    .positional('command', { type: 'string', array: true, describe: 'After --: a line for the shell of the guest' })
    .option('i', { type: 'string', requiresArg: true, describe: 'File of the private key; else your own keys' })
    .example('$0 ssh 1', 'a shell in the guest')
    .example('$0 ssh 1 -- uname -r', 'its output, its exit status')
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const stateDir = await stateFolder(argv, io)
  const vm = new RemoteVm(stateDir, await findVm(stateDir, argv.vm))
  const { number } = vm.info
  const identities = argv.i === undefined ? ownKeys(io.home) : [identityFile(argv.i, io)]
  const way = await wayTo(vm)
  const ssh = requireProgram('ssh')
  const { knownHosts: file } = vmFiles(stateDir, number)
  await writeAtomic(file, knownHosts(number, await hostKeys(vm)))
  const args = sshArgs({
    number,
    ...way,
    knownHosts: file,
    identities,
    onlyThose: argv.i !== undefined,
    command: [...(argv.command ?? []), ...(argv['--'] ?? [])],
  })
  const [program = ssh, ...words] = [...way.enter, ssh, ...args]
  return runInForeground(program, words, { hint: 'install util-linux, which has nsenter' })
}

/** By name: in a private network ssh runs as the root of a user namespace, whose home is another. */
function ownKeys(home: string): string[] {
  const names = ['id_ed25519', 'id_ecdsa', 'id_rsa', 'id_ed25519_sk', 'id_ecdsa_sk']
  return names.map((name) => join(home, '.ssh', name)).filter((file) => existsSync(file))
}

function identityFile(name: string, io: Io): string {
  const file = resolve(io.cwd, name)
  if (existsSync(file)) return file
  throw new RapidoError('usage', `-i ${name}: no such file`)
}

/** How ssh gets to a VM: `enter` is the command it runs under. */
async function wayTo(vm: RemoteVm): Promise<{ enter: string[]; address: string; port: number }> {
  const { number, network, addresses, qemuPid } = vm.info
  const [address = ''] = addresses
  switch (network) {
    case 'none':
      throw new RapidoError('usage', `vm${number} has no network`, {
        hint: `boot a profile with one, such as dropbear; \`rapido exec ${number} -- COMMAND\` needs none`,
      })
    case 'user': {
      const port = forwardedPort(await vm.monitor('info usernet'), 22)
      if (port !== undefined) return { enter: [], address: '127.0.0.1', port }
      throw new RapidoError('usage', `no port of this host leads to the ssh server of vm${number}`, {
        hint: 'boot it with --set \'network.forwards=["tcp:0:22"]\'',
      })
    }
    case 'private':
      if (qemuPid === undefined) throw new RapidoError('usage', `vm${number} is only just starting`)
      return { enter: enterNetwork({ keeper: qemuPid }), address, port: 22 } // QEMU is in it, come what may of its keeper
    case 'host':
      return { enter: [], address, port: 22 }
  }
}

/** The public host keys of a guest, over the control channel: nobody on the network can give us others. */
async function hostKeys(vm: RemoteVm): Promise<string> {
  const keys = await vm.output(['bash', '-c', 'cat /etc/ssh/ssh_host_*_key.pub'], { timeoutMs: 30_000 })
  if (keys.trim() !== '') return keys
  throw new RapidoError('usage', `vm${vm.info.number} has no ssh server: there is no /etc/ssh/ssh_host_*_key.pub`, {
    hint: `boot a profile with one, such as dropbear; \`rapido exec ${vm.info.number} -- COMMAND\` needs none`,
  })
}
