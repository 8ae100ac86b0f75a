import type { Argv } from 'yargs'
import type { Io, Status } from './io.js'

/** What each file in commands/ exports. `options` describes its options to yargs, `run` does it. */
export interface CommandModule {
  options(builder: Argv): Argv
  // biome-ignore lint/suspicious/noExplicitAny: each module names the options it declared; yargs checks them
  run(argv: any, io: Io): Promise<Status>
}

export interface CommandRow {
  command: string
  describe: string | false // false: not for people
  load(): Promise<CommandModule>
}

/** Every command, in the order of the help. A command's code is loaded only when it is used. */
export const commands: CommandRow[] = [
  { command: 'list', describe: 'What profiles there are', load: () => import('./commands/list.js') },
  { command: 'show <profile>', describe: 'The finished plan, nothing done', load: () => import('./commands/show.js') },
  {
    command: 'doctor [profile..]',
    describe: 'What is missing here, and what provides it',
    load: () => import('./commands/doctor.js'),
  },
  {
    command: 'cut <profile>',
    describe: 'Build the image if it is stale, print its path',
    load: () => import('./commands/cut.js'),
  },
  {
    command: 'boot <profile>',
    describe: 'Boot, then a shell on the console',
    load: () => import('./commands/boot.js'),
  },
  {
    command: 'run <profile>',
    describe: 'Boot, run commands, power off: the exit status is the verdict',
    load: () => import('./commands/run.js'),
  },
  { command: 'ps', describe: 'The VMs that run', load: () => import('./commands/ps.js') },
  {
    command: 'exec <vm> [command..]',
    describe: 'Run a command in a VM, with its status: exec VM -- CMD',
    load: () => import('./commands/exec.js'),
  },
  {
    command: 'ssh <vm> [command..]',
    describe: 'Log in to a VM by ssh, or run a command in it: ssh VM -- CMD',
    load: () => import('./commands/ssh.js'),
  },
  { command: 'console <vm>', describe: "Attach to a VM's console", load: () => import('./commands/console.js') },
  { command: 'monitor <vm> [command..]', describe: "QEMU's monitor", load: () => import('./commands/monitor.js') },
  {
    command: 'fault <vm> [verb] [words..]',
    describe: 'Do a fault to a VM: cut a path, fail or slow I/O, freeze, reset, …',
    load: () => import('./commands/fault.js'),
  },
  {
    command: 'scenario [scenario]',
    describe: 'Run a scripted scenario, with assertions: a file, or a shipped one',
    load: () => import('./commands/scenario.js'),
  },
  {
    command: 'fstests <fs>',
    describe: "fstests on a file system, to a verdict: behind it check's own arguments",
    load: () => import('./commands/fstests.js'),
  },
  {
    command: 'kselftest [target..]',
    describe: "The kernel's selftests, to a verdict: collections, tests, or all",
    load: () => import('./commands/kselftest.js'),
  },
  {
    command: 'suite <profile> [test..]',
    describe: 'The tests of a profile with [suite], to a verdict: blktests, or your own',
    load: () => import('./commands/suite.js'),
  },
  {
    command: 'report <action> [dirs..]',
    describe: 'Results of suites: show, merge shards, compare two runs',
    load: () => import('./commands/report.js'),
  },
  { command: 'cp <from> <to>', describe: 'Copy files: VM:PATH is in a guest', load: () => import('./commands/cp.js') },
  { command: 'gdb <vm>', describe: 'Debug a VM that was booted with --gdb', load: () => import('./commands/gdb.js') },
  { command: 'stop [vm..]', describe: 'Power VMs off', load: () => import('./commands/stop.js') },
  {
    command: 'net <action> [command..]',
    describe: 'The network of VMs: up, down, status, exec -- CMD',
    load: () => import('./commands/net.js'),
  },
  {
    command: 'ceph <action> [command..]',
    describe: 'A throwaway Ceph cluster: up, down, status, env, exec -- CMD',
    load: () => import('./commands/ceph.js'),
  },
  { command: 'cache <action>', describe: 'The images kept: ls, gc', load: () => import('./commands/cache.js') },
  {
    command: 'completion <shell>',
    describe: 'Completion for bash, zsh or fish',
    load: () => import('./commands/completion.js'),
  },
  { command: 'supervise', describe: false, load: () => import('./commands/supervise.js') },
  { command: 'complete', describe: false, load: () => import('./commands/complete.js') },
]
