import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readinessOf } from '../../../src/runs/can-run.js'
import { loadProfileSettings } from '../../../src/runs/profile-settings.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-settings-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function install(folder: string): string {
  const path = join(root, folder)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'run_kselftest.sh'), '')
  return path
}

async function dirWith(...sets: string[]): Promise<string | undefined> {
  const { settings } = await loadProfileSettings('kselftest', { cwd: root, home: root, env: {}, sets })
  return settings.kselftest.dir
}

test("the selftests are those that are installed in the kernel's tree, unless a setting names others", async () => {
  const found = install('linux/tools/testing/selftests/kselftest_install')
  expect(await dirWith(`kernel.src=${root}/linux`)).toBe(found)
  expect(await dirWith(`kernel.src=${root}/linux`, 'kselftest.dir=/mine')).toBe('/mine')
})

test('without any the setting is not set', async () => {
  mkdirSync(join(root, 'linux'))
  expect([await dirWith(), await dirWith(`kernel.src=${root}/linux`)]).toEqual([undefined, undefined])
})

test('what doctor says a profile needs is not what the tree has', async () => {
  const folder = join(root, 'profiles/tests')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'profile.toml'), 'summary = "Tests"\n[requires]\nsettings = ["kselftest.dir"]\n')
  writeFileSync(join(folder, 'boot.sh'), '')
  mkdirSync(join(root, 'linux'))
  const needs = async () => {
    const from = { cwd: root, home: root, env: {}, sets: [`kernel.src=${root}/linux`] }
    const { problems } = await readinessOf('tests', from, { withSettings: true })
    return problems.filter(({ message }) => message.includes('kselftest.dir')).length
  }
  expect(await needs()).toBe(1)
  install('linux/kselftest_install')
  expect(await needs()).toBe(0)
})
