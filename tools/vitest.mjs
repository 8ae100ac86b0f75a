import { chownSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { runProgram } from './program.mjs'

/**
 * Runs projects of vitest.config.ts to their end and counts their tests. `output` is what vitest printed, the failed
 * tests only, unless `stdio` has it inherited. A file that could not be loaded, and an error outside of every test, count as a failed test.
 * `files` are parts of their names; `user` has a uid and a gid, and no other group.
 */
export function runVitest(projects, { stdio, files = [], user } = {}) {
  mkdirSync(cache, { recursive: true })
  return withDir(async ({ path }) => {
    const report = join(path, 'report.json')
    const reporters = [`--reporter=${stdio ? 'default' : 'dot'}`, '--reporter=json', `--outputFile.json=${report}`]
    const argv = [
      'run',
      '--configLoader=runner',
      ...projects.flatMap((name) => ['--project', name]),
      ...reporters,
      ...files,
    ]
    const options = user ? { ...user, env: { ...process.env, HOME: path, TMPDIR: path } } : {}
    if (user) chownSync(path, user.uid, user.gid)
    const { status, output } = await runProgram('node_modules/.bin/vitest', argv, { stdio, ...options })
    const tests = await readFile(report, 'utf8').then(testsOf, () => []) // no report: vitest itself failed
    const count = (outcome) => tests.filter((test) => test.outcome === outcome).length
    const failed = Math.max(count('failed'), status === 0 ? 0 : 1)
    return { passed: count('passed'), failed, skipped: count('skipped'), tests, output }
  }, temporary)
}

// In the checkout: what a killed run leaves there is nobody else's to find. The folder goes with what is in it.
const cache = join(import.meta.dirname, '../node_modules/.cache')
const temporary = { tmpdir: cache, prefix: 'rapido-vitest', unsafeCleanup: true }

/** The tests of vitest's JSON report, as { file, name, outcome: "passed" | "failed" | "skipped" }. */
function testsOf(report) {
  return JSON.parse(report).testResults.flatMap(({ name: file, status, assertionResults }) => {
    if (assertionResults.length === 0 && status === 'failed') return [{ file, name: '(the file)', outcome: 'failed' }]
    return assertionResults.map(({ fullName, status: outcome }) => ({
      file,
      name: fullName,
      outcome: outcome === 'passed' || outcome === 'failed' ? outcome : 'skipped',
    }))
  })
}
