import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { main } from '../../../../src/cli/main.js'
import { memoryIo } from '../../../helpers/memory-io.js'
import { recordVm } from '../../../helpers/vm-records.js'

let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rapido-complete-'))
  for (const name of ['mine', 'simple']) {
    mkdirSync(join(cwd, 'profiles', name), { recursive: true })
    writeFileSync(join(cwd, 'profiles', name, 'profile.toml'), 'summary = "Mine"\n')
    writeFileSync(join(cwd, 'profiles', name, 'boot.sh'), '')
  }
  for (const number of [3, 12]) recordVm(join(cwd, 'state/rapido'), { number })
})

afterEach(() => rmSync(cwd, { recursive: true }))

/** What may stand at the last word of a command line. */
async function candidates(...words: string[]): Promise<string[]> {
  const io = memoryIo({ cwd, env: { XDG_STATE_HOME: join(cwd, 'state') } })
  expect(await main(['complete', '--', ...words], io)).toBe(0)
  return io.out().split('\n').slice(0, -1)
}

test('the first word is a command, of those for people', async () => {
  const shown = commands.filter(({ describe }) => describe !== false).map(({ command }) => command.split(' ')[0])
  expect(await candidates('')).toEqual(shown)
  expect(await candidates()).toEqual(shown)
  expect(await candidates('co')).toEqual(['console', 'completion'])
})

test.each<[string[], string[]]>([
  [['boot', 'mi'], ['mine']],
  [
    ['show', 's'],
    ['simple', 'simple-net'],
  ], // once, though the shipped one has the name too
  [['run', '-x', 'true', 'mi'], ['mine']],
  [
    ['doctor', 'mine', 's'],
    ['simple', 'simple-net'],
  ],
  [
    ['exec', ''],
    ['3', '12'],
  ],
  [
    ['ssh', ''],
    ['3', '12'],
  ],
  [['console', '1'], ['12']],
  [
    ['stop', '3', ''],
    ['3', '12'],
  ],
  [
    ['net', ''],
    ['up', 'down', 'status', 'exec'],
  ],
  [
    ['cache', ''],
    ['ls', 'gc'],
  ],
  [['completion', 'z'], ['zsh']],
  [['exec', '3', '--', ''], []], // the guest's words
  [['ps', ''], []],
])('%j: %j', async (words, expected) => {
  expect(await candidates(...words)).toEqual(expected)
})

test('options are those of the command, and those that every command has', async () => {
  expect(await candidates('boot', '--')).toEqual(
    expect.arrayContaining(['--detach', '--gdb', '--wait', '--number', '--set', '--config', '--verbose', '--help']),
  )
  expect(await candidates('run', '--j')).toEqual(['--junit', '--json'])
  expect(await candidates('boot', '-')).toEqual(expect.arrayContaining(['-x', '-f']))
  expect(await candidates('ps', '--j')).toEqual(['--json'])
})
