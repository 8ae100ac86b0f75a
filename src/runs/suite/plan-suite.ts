import type { Profile } from '../../config/profile.js'
import { loadProfile } from '../../config/profiles.js'
import { RapidoError } from '../../errors.js'
import { readBlktests } from '../../host/blktests-tree.js'
import { groupOf, readTestNames, selectByName } from '../../plan/suite/test-names.js'
import type { Emit } from '../events.js'
import { planRun, type RunPlan, type Surroundings } from '../plan-run.js'
import { askGuest } from './ask-guest.js'
import { eachProgram } from './each-program.js'
import type { SuitePlan, SuiteTest } from './suite.js'

/**
 * Plans a run of the suite that a profile has in `[suite]`, from names of tests, all of them without one. Boots a VM
 * where only the guest knows its tests. Throws RapidoError('usage'), 'host' or 'guest'.
 */
export async function planSuite(
  name: string,
  words: string[],
  from: Surroundings,
  options: { signal: AbortSignal; emit: Emit },
): Promise<SuitePlan> {
  suiteOf(await loadProfile(name, from)) // told before this host is looked at
  const run = await planRun(name, from, { signal: options.signal })
  const all = await testsOf(run, options)
  const tests = selectByName(all.known, words).filter((test) => words.length > 0 || !all.onlyByName.includes(test))
  return suitePlan(run, { suite: name, tests: tests.map((test) => ({ name: test, config: undefined })) })
}

/** A plan to run these tests by the `[suite]` of the profile. */
export function suitePlan(run: RunPlan, { suite, tests }: { suite: string; tests: SuiteTest[] }): SuitePlan {
  const own = suiteOf(run.profile)
  return {
    suite,
    run,
    tests,
    program: eachProgram(own),
    testTimeoutMs: own.test_timeout,
    shard: undefined,
    notes: [],
  }
}

function suiteOf({ name, suite }: Profile): Profile['suite'] & { run: string } {
  const { run } = suite
  if (run !== undefined) return { ...suite, run }
  throw new RapidoError('usage', `profile "${name}" has no suite: there is no run in its [suite]`, {
    hint: 'such as [suite] with run = "./run-tests", in profile.toml: docs/suites.md',
  })
}

/** `onlyByName`: those of blktests that test blktests itself. */
async function testsOf(
  run: RunPlan,
  options: { signal: AbortSignal; emit: Emit },
): Promise<{ known: string[]; onlyByName: string[] }> {
  const { name, suite } = run.profile
  const { src } = run.settings.blktests
  if (suite.list === undefined && suite.format === 'blktests' && src !== undefined) {
    const known = readBlktests(src)
    return { known, onlyByName: known.filter((test) => groupOf(test) === 'meta') }
  }
  if (suite.list === undefined) return { known: [name], onlyByName: [] }
  const printed = await askGuest(run, suite.list, options)
  return { known: readTestNames(printed, `suite.list of profile "${name}"`), onlyByName: [] }
}
