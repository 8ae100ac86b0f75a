#!/usr/bin/env node
// All of `npm test`, once the checkout is prepared: the checks with the unit tests, then integration, then end to end.
// The closing line counts every check and every test; CI reads it.
import { chownSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runChecks } from './check.mjs'
import { runProgram } from './program.mjs'
import { runVitest } from './vitest.mjs'

process.chdir(join(import.meta.dirname, '..'))
process.on('SIGINT', () => {}) // Ctrl-C reaches vitest too: wait until it has cleaned up

/** What only root does for real: as another, it is played in a user namespace. */
const rootsOwn = 'net-host.test.ts'

const stages = [await runChecks()]
if (stages[0].failed === 0) stages.push(await runSlowTests())
else console.log('\nThe integration and end-to-end tests wait until the checks pass.')

const { passed, failed, skipped } = totals(stages)
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
if (failed > 0) process.exitCode = 1

/**
 * As an ordinary user, then as root what differs there; or all of it as whoever runs this. A skipped end-to-end test
 * counts as failed: nothing may pass because a machine could not boot a VM.
 */
async function runSlowTests() {
  const stages = [await run('integration')]
  const user = process.geteuid() === 0 ? await ordinaryUser() : undefined
  if (user) {
    console.log('\nEnd to end, as an ordinary user, who may not use /dev/kvm:')
    stages.push(await runEndToEnd({ user, files: filesOf('test/e2e', (name) => name !== rootsOwn) }))
    console.log('\nEnd to end, as root: /dev/kvm, and the networks:')
    stages.push(await runEndToEnd({ files: ['e2e/accel', 'e2e/net.test', 'e2e/net-host'] }))
  } else {
    stages.push(await runEndToEnd())
  }
  return totals(stages)
}

function filesOf(folder, isWanted) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && isWanted(name))
    .map((name) => join(folder, name))
}

async function runEndToEnd(options) {
  const { passed, failed, tests } = await run('e2e*', options)
  const skipped = tests.filter(({ outcome }) => outcome === 'skipped')
  for (const { file, name } of skipped) console.log(`skipped, which an end-to-end test may not be: ${file}: ${name}`)
  if (tests.length === 0) console.log('no end-to-end test ran')
  return { passed, failed: failed + skipped.length + (tests.length === 0 ? 1 : 0), skipped: 0 }
}

function run(project, options) {
  return runVitest([project], { stdio: ['ignore', 'inherit', 'inherit'], ...options })
}

/** Nobody in particular, where that one can reach this checkout; the images that its tests share are kept in it. */
async function ordinaryUser() {
  const user = { uid: 65534, gid: 65534 }
  const { status } = await runProgram(process.execPath, ['-e', 'require("fs").readFileSync("package.json")'], user)
  if (status !== 0) {
    console.log(`\nNobody but root can reach ${process.cwd()}: nothing is tested as an ordinary user.`)
    return undefined
  }
  const cache = `node_modules/.cache/rapido-e2e-${user.uid}`
  mkdirSync(cache, { recursive: true })
  chownSync(cache, user.uid, user.gid)
  return user
}

function totals(stages) {
  const sum = (key) => stages.reduce((total, stage) => total + stage[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}
