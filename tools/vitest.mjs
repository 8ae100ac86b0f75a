import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs projects of vitest.config.ts to their end and counts their tests. `output` is what vitest printed, unless
 * `stdio` is "inherit". A file that could not be loaded, and an error outside of every test, count as a failed test.
 */
export async function runVitest(projects, { stdio = 'pipe' } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'rapido-vitest-'))
  try {
    const report = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const argv = ['run', ...projects.flatMap((name) => ['--project', name]), ...reporters]
    const { status, output } = await start('node_modules/.bin/vitest', argv, { stdio })
    const tests = await readFile(report, 'utf8').then(testsOf, () => []) // no report: vitest itself failed
    const count = (outcome) => tests.filter((test) => test.outcome === outcome).length
    const failed = Math.max(count('failed'), status === 0 ? 0 : 1)
    return { passed: count('passed'), failed, skipped: count('skipped'), tests, output }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * Runs a program to its end. `status` is its exit status, the signal that ended it, or why it could not start;
 * `output` has its standard output and error as they came, unless they are inherited.
 */
export function start(file, argv, { stdio = 'pipe' } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, argv, { stdio: stdio === 'pipe' ? ['ignore', 'pipe', 'pipe'] : stdio })
    const chunks = []
    child.stdout?.on('data', (chunk) => chunks.push(chunk))
    child.stderr?.on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ status: error.code, output: error.message }))
    child.on('close', (status, signal) =>
      resolve({ status: status ?? signal, output: Buffer.concat(chunks).toString() }),
    )
  })
}

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
