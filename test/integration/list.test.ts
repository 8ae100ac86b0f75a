import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from '../../src/cli/main.js'
import { memoryIo } from '../helpers/memory-io.js'

// `rapido list` looks for what each profile needs on this host.

let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rapido-list-'))
})

afterEach(() => rmSync(cwd, { recursive: true }))

async function rapido(...args: string[]) {
  const io = memoryIo({ cwd, env: { XDG_STATE_HOME: join(cwd, 'state') } })
  const status = await main(args, io)
  return { status, out: io.out(), err: io.err() }
}

function addProfile(name: string): void {
  mkdirSync(join(cwd, 'profiles', name), { recursive: true })
  writeFileSync(join(cwd, 'profiles', name, 'profile.toml'), `summary = "Mine: ${name}"\n`)
  writeFileSync(join(cwd, 'profiles', name, 'boot.sh'), '')
}

test('list --json is the profiles, for scripts', async () => {
  addProfile('mine')
  const { status, out } = await rapido('list', '--json')
  const profiles = JSON.parse(out) as { name: string; origin: string; summary: string }[]
  expect(status).toBe(0)
  expect(profiles.find(({ name }) => name === 'mine')).toMatchObject({ origin: 'project', summary: 'Mine: mine' })
  expect(profiles.find(({ name }) => name === 'simple')).toMatchObject({ origin: 'shipped', missing: [] })
  expect(profiles.find(({ name }) => name === 'cifs')).toMatchObject({
    missing: expect.arrayContaining([expect.stringContaining('needs cifs.share, cifs.user, secrets.cifs_password')]),
  })
})

test('list says where each profile comes from, and what is shadowed or broken', async () => {
  addProfile('simple')
  addProfile('broken')
  writeFileSync(join(cwd, 'profiles/broken/profile.toml'), 'summary = "x"\nsummry = "x"\n')
  const { status, out, err } = await rapido('list')
  expect(status).toBe(0)
  expect(out).toMatch(/^PROFILE +RUNS +SUMMARY +FROM\n/)
  expect(out).toMatch(new RegExp(`^simple +yes +Mine: simple +${cwd}/profiles/simple$`, 'm'))
  expect(out).toMatch(/^simple .* shipped \(shadowed by the one above\)$/m)
  expect(out).toMatch(/^broken +no +broken: .*summry/m)
  expect(err).toContain('`rapido doctor PROFILE` says')
})

test('nothing that only looks leaves anything behind', async () => {
  await rapido('list')
  await rapido('ps')
  await rapido('complete', '--', 'boot', '')
  expect(readdirSync(cwd)).toEqual([])
})
