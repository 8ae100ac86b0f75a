import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from '../../src/cli/main.js'
import { readinessOf } from '../../src/runs/can-run.js'
import { memoryIo } from '../helpers/memory-io.js'

let root: string
let cleanup: () => Promise<void>
beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
  await writeFile(join(root, 'rapido.toml'), 'qemu.accel = "tcg"') // else doctor boots something to see whether KVM works
  await make('base', 'template = true')
  await make('middle', 'extends = "base"\ntemplate = true')
  await make('two', 'extends = "middle"')
  await make('one', 'extends = "base"')
  await make('alone', 'template = true')
  await make('pair', '[group]\na = "one"\nb = "base"')
})
afterEach(() => cleanup())

async function make(name: string, toml: string): Promise<void> {
  const folder = join(root, 'profiles', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'profile.toml'), `summary = "${name}"\n${toml}`)
  await writeFile(join(folder, 'boot.sh'), '')
}

async function rapido(...args: string[]) {
  const io = memoryIo({ cwd: root, env: { XDG_STATE_HOME: join(root, 'state') } })
  const status = await main(args, io)
  return { status, out: io.out(), err: io.err() }
}

test.each([
  ['boot', 'base'],
  ['run', 'base', '-x', 'true'],
  ['run', 'base', '-n', '2', '-x', 'true'],
  ['cut', 'base'],
  ['show', 'base'],
  ['doctor', 'base'],
  ['doctor', 'one', 'base'],
])('`rapido %s %s` names those that can run instead', async (...args) => {
  const { status, out, err } = await rapido(...args)
  expect(err).toContain('rapido: profile "base" is a template: others extend it\n  these do: one, two\n')
  expect([status, out]).toEqual([2, ''])
})

test('one that nobody extends says how a profile would', async () => {
  const { status, err } = await rapido('show', 'alone')
  expect(err).toContain(
    'profile "alone" is a template: others extend it\n  a profile of yours can: extends = "alone"\n',
  )
  expect(status).toBe(2)
})

test('a template is no member of a group', async () => {
  const { status, err } = await rapido('run', 'pair', '-x', 'true')
  expect(err).toContain('profile "base" is a template: others extend it')
  expect(status).toBe(2)
  const { problems } = await readinessOf('pair', { cwd: root, home: root, env: {} }, { withSettings: true })
  expect(problems.map(({ message }) => message)).toContain('b: profile "base" is a template: others extend it')
})

test('`rapido list` leaves templates out; for scripts they are there, marked, and nothing is missing for them', async () => {
  const { out } = await rapido('list')
  expect(out).toMatch(/^one /m)
  expect(out).not.toMatch(/^(base|middle|alone|fstests) /m)
  const profiles = JSON.parse((await rapido('list', '--json')).out) as { name: string }[]
  expect(profiles.find(({ name }) => name === 'middle')).toMatchObject({
    template: true,
    extends: 'base',
    missing: [],
  })
  expect(profiles.find(({ name }) => name === 'two')).toMatchObject({ template: false, extends: 'middle' })
}, 60_000) // it looks at every profile there is, twice

test('completion has no template, and doctor without a profile looks at none', async () => {
  expect((await rapido('complete', '--', 'boot', 'tw')).out).toBe('two\n')
  expect((await rapido('complete', '--', 'boot', 'mid')).out).toBe('')
  const findings = JSON.parse((await rapido('doctor', '--json')).out) as { subject: string }[]
  const subjects = findings.map(({ subject }) => subject)
  expect(subjects).toContain('profile one')
  expect(subjects).not.toContain('profile base')
}, 60_000)
