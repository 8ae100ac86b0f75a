import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.js'
import { main } from '../../../src/cli/main.js'
import { memoryIo } from '../../helpers/memory-io.js'
import { recordVm } from '../../helpers/vm-records.js'

let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rapido-cli-'))
})

afterEach(() => rmSync(cwd, { recursive: true }))

/** Runs a command line in an empty folder, which is the home as well. */
async function rapido(...args: string[]) {
  const io = memoryIo({ cwd, env: { XDG_STATE_HOME: join(cwd, 'state') } })
  const status = await main(args, io)
  return { status, out: io.out(), err: io.err() }
}

describe('wrong usage has status 2, and says what would be right', () => {
  test.each<[string[], RegExp]>([
    [['bot', 'simple'], /Did you mean boot\?/],
    [['frobnicate'], /^rapido: unknown command: frobnicate\n {2}there are list, /],
    [[], /^rapido: Which command\?\n {2}there are list, /],
    [['run'], /^rapido: run: something is missing\n {2}usage: rapido run <profile>/],
    [['run', 'simple', '--tiemout', '9s'], /Unknown argument: tiemout/],
    [['run', 'simple', '--timeout'], /Not enough arguments following: timeout/],
    [['run', 'simple', '--number', '0'], /--number: use a number from 1 to 1000/],
    [['boot', 'simple', '--wait'], /--wait goes with --gdb/],
    [['run', 'nosuchprofile'], /no profile "nosuchprofile"/],
    [['run', 'simple', '-f', 'none.sh'], /-f none\.sh: no such file/],
    [['list', '--config', 'none.toml', 'x'], /Unknown/],
    [['ps', '--config', 'none.toml'], /none\.toml/],
    [['ps', '--set', 'vm.cpu=1'], /vm\.cpu.*vm\.cpus|cpus/s],
    [['exec', '1', '--', 'true'], /no VM "1" runs here/],
    [['exec', '1'], /exec: which command\?/],
    [['cp', 'a', 'b'], /one of the two must be in a guest/],
    [['cp', '1:a', '2:b'], /one of the two must be in a guest/],
    [['completion', 'tcsh'], /bash, zsh, fish|"bash", "zsh", "fish"/],
  ])('%j', async (args, text) => {
    const { status, out, err } = await rapido(...args)
    expect(err).toMatch(text)
    expect([status, out]).toEqual([2, ''])
  })
})

describe('--help', () => {
  test('names every command that is for people, and no other', async () => {
    const { status, out, err } = await rapido('--help')
    expect([status, err]).toEqual([0, ''])
    for (const { command, describe: what } of commands) {
      const name = command.split(' ')[0] as string
      if (what === false) expect(out).not.toMatch(new RegExp(`^ +rapido ${name}\\b`, 'm'))
      else expect(out).toMatch(new RegExp(`^ +rapido ${name}\\b`, 'm'))
    }
    expect(out).toContain('130 interrupted')
  })

  test.each(commands.map(({ command }) => command.split(' ')[0] as string))(
    'of %s comes without doing it',
    async (name) => {
      const { status, out, err } = await rapido(name, '--help')
      expect([status, err]).toEqual([0, ''])
      expect(out).toContain(`rapido ${name}`)
      expect(out).toContain('--set')
    },
  )
})

describe('ps', () => {
  test('of no VM says so to people, and nothing to scripts', async () => {
    expect(await rapido('ps')).toEqual({ status: 0, out: '', err: 'No VM runs. `rapido boot PROFILE` starts one.\n' })
    expect(await rapido('ps', '--json')).toEqual({ status: 0, out: '[]\n', err: '' })
    expect(existsSync(join(cwd, 'state'))).toBe(false) // looking makes nothing
  })

  test('has a line for each VM', async () => {
    recordVm(join(cwd, 'state/rapido'), {
      number: 2,
      profile: 'xfs',
      startedAt: new Date(Date.now() - 180_000).toISOString(),
    })
    const { out } = await rapido('ps')
    expect(out).toMatch(
      /^VM +PROFILE +KERNEL +STATE +UP +PID +ADDRESS +CONSOLE\n2 +xfs +6\.1\.0 +ready +3 min +\d+ +\/.*\.log\n$/,
    )
  })
})

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('for %s is a script that asks `rapido complete`', async (shell) => {
    const { status, out } = await rapido('completion', shell)
    expect([status, out.includes('rapido complete --')]).toEqual([0, true])
  })
})

test('a bug has its stack, whatever the command', async () => {
  const io = memoryIo({ cwd })
  Object.assign(io, { cwd: undefined })
  expect(await main(['list'], io)).not.toBe(0)
  expect(io.err()).toMatch(/^rapido: this is a bug in rapido: .*\n +at /)
})
