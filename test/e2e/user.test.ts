import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import type { Sandbox } from '../helpers/sandbox.js'

// Nobody special, without /dev/kvm. Where the tests are not root's, they are such a user's themselves.

test('an ordinary user runs, boots, works with and stops VMs', async ({ boxWithOwnCache: box }) => {
  giveAway(box)
  const run = await rapido(box, 'run', 'simple', '-x', 'id -u', '--verbose').outcome()
  expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Hello from Linux \S+\n0\n$/) })
  if (process.geteuid?.() === 0) expect(run.stderr).toContain('no access to /dev/kvm: using TCG')
  await expectNothingLeft(box)

  const share = ['--set', `share.path=${box.work}`]
  const booted = await rapido(box, 'boot', 'simple', '--detach', ...share).outcome()
  expect(booted).toMatchObject({ status: 0, stdout: '1\n' })
  expect(await rapido(box, 'exec', '1', '--', 'sh', '-c', 'echo hi >/host/made; exit 4').outcome()).toMatchObject({
    status: 4,
    stderr: '',
  })
  expect(await rapido(box, 'cp', '1:/etc/hostname', '.').outcome()).toMatchObject({ status: 0, stderr: '' })
  expect(await rapido(box, 'stop', '1').outcome()).toMatchObject({ status: 0 })
  await expectNothingLeft(box)
})

test('a state folder that an ordinary user may not write to is named', async ({ boxWithOwnCache: box }) => {
  giveAway(box)
  const state = join(box.folder, 'not-yours')
  mkdirSync(state, { mode: 0o555 })
  const refused = await rapido(box, 'run', 'simple', '--set', `paths.state=${state}`).outcome()
  expect(refused).toMatchObject({ status: 3, stdout: '' })
  expect(refused.stderr).toMatch(/cannot make the folder \S+\/not-yours\/.*Permission denied/)
  expect(refused.stderr).toContain('paths.state')
})

function giveAway(box: Sandbox): void {
  if (process.geteuid?.() !== 0) return
  for (const folder of [box.folder, box.work, box.temporary]) chownSync(folder, nobody, nobody)
}

function rapido(box: Sandbox, ...args: string[]) {
  const rapido = [process.execPath, join(packageFolder, 'dist/main.js'), ...args]
  const unprivileged = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...rapido]
  return box.command(process.geteuid?.() === 0 ? unprivileged : rapido)
}

const nobody = 65534
