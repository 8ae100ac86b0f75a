import { incident } from './json.js'
import { number, record } from './json-reader.js'
import { maxOutput, oneLine, tail } from './plain.js'
import { suiteResult } from './suite-reader.js'
import type { Attempt, SuiteResult, TestResult } from './suite-result.js'

/**
 * A suite's run as JSON, for machines and for `readSuiteJson()`. Every field is always there, in this order, null where
 * there is nothing to say; `schemaVersion` changes when a field changes its meaning or goes. Times in milliseconds,
 * texts as the guest said them.
 *
 *     { schemaVersion: 1, suite, profile, kernel, startedAt, durationMs, shard | null,
 *       verdict: { kind, reason | null }, exitStatus,
 *       tests: [{ name, config | null, status, reason, attempts: [{ status, reason, output, startedAt, durationMs,
 *         vm, warnings: [], taint, files: [], subtests: [{ name, status, reason }] | null }] }],
 *       machines: [{ vm, consoleLog, end }],
 *       incidents: [{ kind, role | null, title, lines: [], consoleLine, repeats, cause | null, note | null, fails }],
 *       missing: [{ program, tests: [], provider }], notes: [], folder }
 */
export function suiteJson(result: SuiteResult): string {
  return `${JSON.stringify(
    {
      schemaVersion: 1,
      suite: result.suite,
      profile: result.profile,
      kernel: result.kernel,
      startedAt: result.startedAt,
      durationMs: result.durationMs,
      shard: result.shard ?? null,
      verdict: { kind: result.verdict.kind, reason: 'reason' in result.verdict ? result.verdict.reason : null },
      exitStatus: result.exitStatus,
      tests: result.tests.map(test),
      machines: result.machines.map(({ vm, consoleLog, end }) => ({ vm, consoleLog, end })),
      incidents: result.incidents.map(incident),
      missing: result.missing.map(({ program, tests, provider }) => ({ program, tests, provider })),
      notes: result.notes,
      folder: result.folder,
    },
    null,
    2,
  )}\n`
}

function test({ name, config, status, reason, attempts }: TestResult) {
  return { name, config: config ?? null, status, reason, attempts: attempts.map(attempt) }
}

function attempt({ status, reason, output, startedAt, durationMs, vm, warnings, taint, files, subtests }: Attempt) {
  return {
    status,
    reason,
    output: tail(output, maxOutput),
    startedAt,
    durationMs,
    vm,
    warnings,
    taint,
    files,
    subtests: subtests?.map(({ name, status, reason }) => ({ name, status, reason })) ?? null,
  }
}

/** What `suiteJson()` wrote. Throws an Error with a sentence where the text is something else. */
export function readSuiteJson(json: string): SuiteResult {
  const document = parsed(json)
  const version = document instanceof Object && 'schemaVersion' in document ? document.schemaVersion : undefined
  if (typeof version === 'number' && version !== 1)
    throw new Error(`these results have schemaVersion ${version}; this rapido reads 1`)
  try {
    record({ schemaVersion: number })(document, '')
    return suiteResult(document, '')
  } catch (error) {
    throw new Error(`not the results of a suite: ${(error as Error).message}`, { cause: error })
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new Error(`not the results of a suite: ${oneLine((error as Error).message)}`, { cause: error })
  }
}
