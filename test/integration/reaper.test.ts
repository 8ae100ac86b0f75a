import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRunning, reaperScript } from '../helpers/processes.js'
import { until } from '../helpers/until.js'

test('what a test runner leaves when it is killed is ended, and its folder removed', async () => {
  const folder = mkdtempSync('/var/tmp/rapido-reaper-')
  writeFileSync(join(folder, 'file'), '')
  // As a DHCP server does: its own session, another working folder, and the sandbox in its environment alone.
  const daemon = spawn('sleep', ['1000'], { cwd: '/', env: { ...process.env, HOME: folder }, detached: true })
  const bystander = spawn('sleep', ['1000'])
  const start = `require('child_process').spawn('bash', ${JSON.stringify([reaperScript, folder])}, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })`
  const runner = spawn(process.execPath, ['-e', `${start}; console.log('up'); setInterval(() => {}, 1000)`])
  await new Promise((resolve) => runner.stdout.once('data', resolve))
  expect(isRunning(daemon.pid ?? 0)).toBe(true)

  runner.kill('SIGKILL')
  await until(() => !isRunning(daemon.pid ?? 0) && !existsSync(folder))
  expect(isRunning(bystander.pid ?? 0)).toBe(true)
  bystander.kill('SIGKILL')
})
