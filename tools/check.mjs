#!/usr/bin/env node
// Every check that boots nothing, side by side: `npm run check`, for people and CI alike.
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './program.mjs'
import { runVitest } from './vitest.mjs'

const bin = (name) => join('node_modules/.bin', name)
const generator = 'tools/generate-docs.mjs'

/** Name, and the commands that must all succeed; or the reason why there are none. */
const checks = [
  { name: 'types', commands: [[bin('tsc'), '-p', 'test']] }, // src, tests and vitest.config.ts
  { name: 'lint and format', commands: [[bin('biome'), 'check', '--error-on-warnings']] },
  { name: 'unused code', commands: [[bin('knip')]] },
  {
    name: 'generated docs', // by the code that is built now
    commands: [
      ['sh', 'tools/build.sh'],
      ['node', generator, '--check'],
    ],
    skip: existsSync(generator) ? undefined : `there is no ${generator}`,
  },
  {
    name: 'shell',
    commands: [['shellcheck', '-x', ...scripts(/^#!.*\b(ba)?sh\b/, '.sh')]],
    skip: installed('shellcheck') ? undefined : 'shellcheck is not installed',
  },
  {
    name: 'perl',
    commands: scripts(/^#!.*\bperl\b/, '.pl').map((file) => ['perl', '-Mstrict', '-Mwarnings=FATAL,all', '-c', file]),
  },
]

/** Runs all checks and the unit tests, layering among them; prints each one's outcome, and what the failed ones said. */
export async function runChecks() {
  const outcomes = await Promise.all([...checks.map(runCheck), runUnitTests()])
  const sum = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}

async function runCheck({ name, commands, skip }) {
  if (skip !== undefined) {
    console.log(`skip  ${name}: ${skip}`)
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const startedMs = performance.now()
  for (const [file, ...argv] of commands) {
    const { status, output } = await runProgram(file, argv)
    if (status === 0) continue
    tell('FAIL', name, startedMs)
    console.log(`${[file, ...argv].join(' ')} (${status})\n${output.trimEnd()}\n`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
  tell('ok', name, startedMs)
  return { passed: 1, failed: 0, skipped: 0 }
}

async function runUnitTests() {
  const startedMs = performance.now()
  const counts = await runVitest(['unit'])
  tell(counts.failed === 0 ? 'ok' : 'FAIL', `unit tests (${counts.passed} passed, ${counts.failed} failed)`, startedMs)
  if (counts.failed > 0) console.log(counts.output)
  return counts
}

function tell(outcome, name, startedMs) {
  console.log(`${outcome.padEnd(5)} ${name}  ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
}

/** Files of ours whose first line matches, or whose name ends so. */
function scripts(firstLine, extension) {
  const folders = ['.ci', 'tools', 'src', 'profiles', 'test']
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => file.endsWith(extension) || firstLine.test(head(file)))
}

function head(file) {
  const buffer = Buffer.alloc(64)
  const fd = openSync(file, 'r')
  const length = readSync(fd, buffer)
  closeSync(fd)
  return buffer.toString('latin1', 0, length).split('\n')[0]
}

function installed(program) {
  return process.env.PATH.split(':').some((folder) => existsSync(join(folder, program)))
}

if (process.argv[1] === import.meta.filename) {
  process.chdir(join(import.meta.dirname, '..'))
  const { failed } = await runChecks()
  if (failed > 0) process.exitCode = 1
}
