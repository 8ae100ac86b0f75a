#!/usr/bin/env node
// All of `npm test`, once the checkout is prepared: the checks with the unit tests, then integration, then end to end.
// The closing line counts every check and every test; CI reads it.
import { join } from 'node:path'
import { runChecks } from './check.mjs'
import { runVitest } from './vitest.mjs'

process.chdir(join(import.meta.dirname, '..'))
process.on('SIGINT', () => {}) // Ctrl-C reaches vitest too: wait until it has cleaned up

const stages = [await runChecks()]
if (stages[0].failed === 0) stages.push(await runSlowTests())
else console.log('\nThe integration and end-to-end tests wait until the checks pass.')

const sum = (key) => stages.reduce((total, stage) => total + stage[key], 0)
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
if (sum('failed') > 0) process.exitCode = 1

/** A skipped end-to-end test counts as failed: nothing may pass because a machine could not boot a VM. */
async function runSlowTests() {
  const counts = await runVitest(['integration', 'e2e'], { stdio: ['ignore', 'inherit', 'inherit'] })
  const endToEnd = counts.tests.filter(({ file }) => file.includes('/test/e2e/'))
  const skipped = endToEnd.filter(({ outcome }) => outcome === 'skipped')
  for (const { file, name } of skipped) console.log(`skipped, which an end-to-end test may not be: ${file}: ${name}`)
  if (endToEnd.length === 0) console.log('no end-to-end test ran')
  return {
    passed: counts.passed,
    failed: counts.failed + skipped.length + (endToEnd.length === 0 ? 1 : 0),
    skipped: counts.skipped - skipped.length,
  }
}
