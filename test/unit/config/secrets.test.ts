import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SecretReference } from '../../../src/config/schema.js'
import { readSecrets, type SecretSources } from '../../../src/config/secrets.js'
import { RapidoError } from '../../../src/errors.js'

let folder: string
let cleanup: () => Promise<void>

beforeEach(async () => {
  ;({ path: folder, cleanup } = await dir({ unsafeCleanup: true }))
})
afterEach(() => cleanup())

async function keep(name: string, value: string, mode = 0o600): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, value)
  await chmod(file, mode)
  return file
}

async function problems(secrets: Record<string, SecretReference>, sources: Partial<SecretSources> = {}) {
  const error = await readSecrets({ secrets }, { env: {}, ...sources }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(RapidoError)
  expect((error as RapidoError).code).toBe('host')
  return (error as RapidoError).message.split('\n')
}

test('secrets are read from a file, the environment and a command', async () => {
  const secrets: Record<string, SecretReference> = {
    a: { file: await keep('a', 'of the file\n') },
    b: { env: 'B' },
    c: { command: ['printf', '%s\\n', "$HOME 'x'"] }, // no shell reads it
  }
  expect(await readSecrets({ secrets }, { env: { B: 'of the environment' } })).toEqual({
    values: new Map([
      ['a', 'of the file'],
      ['b', 'of the environment'],
      ['c', "$HOME 'x'"],
    ]),
    notes: [],
  })
})

test('no secrets are no work', async () => {
  expect(await readSecrets({ secrets: {} }, { env: {} })).toEqual({ values: new Map(), notes: [] })
})

test.each([
  ['x\n', 'x'],
  ['x\r\n', 'x'],
  ['x\n\n', 'x\n'],
  [' x ', ' x '],
  ['a\nb', 'a\nb'],
])('of %j the value is %j: one line break at the end is no part of it', async (written, value) => {
  const file = await keep('a', written)
  expect((await readSecrets({ secrets: { a: { file } } }, { env: {} })).values.get('a')).toBe(value)
})

test('a file that every user may read is noted, one of a group is not', async () => {
  const open = await keep('open', 'x', 0o644)
  const group = await keep('group', 'x', 0o640)
  const { values, notes } = await readSecrets(
    { secrets: { open: { file: open }, group: { file: group } } },
    { env: {} },
  )
  expect(values.size).toBe(2)
  expect(notes).toEqual([`secrets.open (file ${open}): every user of this host may read it; chmod o-rwx ${open}`])
})

test('all that cannot be had are told at once, by name and place', async () => {
  const lines = await problems(
    {
      none: { file: join(folder, 'none') },
      folder: { file: folder },
      unset: { env: 'UNSET' },
      empty: { env: 'EMPTY' },
      failing: { command: ['sh', '-c', 'exit 3'] },
      missing: { command: ['rapido-no-such-program', '--key'] },
    },
    { env: { EMPTY: '' } },
  )
  expect(lines).toEqual([
    `secrets.none (file ${folder}/none): no such file`,
    `secrets.folder (file ${folder}): it cannot be read (EISDIR)`,
    'secrets.unset (environment variable UNSET): it is not set; export it',
    'secrets.empty (environment variable EMPTY): there is nothing in it',
    'secrets.failing (command sh -c exit 3): it ended with status 3; run it by hand to see why',
    expect.stringMatching(
      /^secrets\.missing \(command rapido-no-such-program --key\): cannot run rapido-no-such-program/,
    ),
  ])
})

test('no value and nothing that a command printed is in a message', async () => {
  const file = await keep('a', 'AQBvalue', 0o644)
  const command: SecretReference = { command: ['sh', '-c', 'echo "AQB"value; echo "AQB"value >&2; exit 1'] }
  const told = (
    await problems({ a: { file }, b: { command: command.command }, c: { env: 'C' } }, { env: { D: 'AQBvalue' } })
  ).join('\n')
  expect(told).not.toContain('AQBvalue')
})

test('a command that waits for ever ends with the run', async () => {
  const signal = AbortSignal.timeout(50)
  const secrets: Record<string, SecretReference> = { a: { command: ['sleep', '60'] } }
  await expect(readSecrets({ secrets }, { env: {}, signal })).rejects.toMatchObject({ code: 'interrupted' })
})
