import { RapidoError } from '../../errors.js'
import { findKselftests } from '../../host/kselftest-dir.js'
import { names, readTestNames, selectByName } from '../../plan/suite/test-names.js'
import { planRun, type Surroundings } from '../plan-run.js'
import { loadProfileSettings } from '../profile-settings.js'
import { suitePlan } from './plan-suite.js'
import type { SuitePlan, SuiteTest } from './suite.js'

const profile = 'kselftest'

/** Why a test is left out that is in the default of kselftest.exclude. */
const knownReasons: Record<string, string> = {
  'breakpoints:step_after_suspend_test': 'it suspends the guest, and nobody wakes it up',
}

/**
 * Plans a run of the kernel's selftests: of collections ("net"), of tests ("seccomp:seccomp_bpf") or of all that are
 * installed. Throws RapidoError('usage') or ('host').
 */
export async function planKselftest(
  words: string[],
  from: Surroundings,
  options: { signal: AbortSignal },
): Promise<SuitePlan> {
  const { settings } = await loadProfileSettings(profile, from)
  const { list, listPath } = findKselftests({ dir: settings.kselftest.dir, src: settings.kernel.src })
  const tests = withReasons(selectByName(readTestNames(list, listPath), words), words, settings.kselftest.exclude)
  if (tests.every(({ excluded }) => excluded !== undefined)) {
    throw new RapidoError('usage', `kselftest.exclude leaves no test to run of ${tests.length}`, {
      hint: `one that is named runs all the same: ${tests[0]?.name}`,
    })
  }
  const run = await planRun(profile, from, options)
  return suitePlan(run, { suite: 'kselftest', tests })
}

function withReasons(tests: string[], words: string[], exclude: readonly string[]): SuiteTest[] {
  return tests.map((name) => {
    const by = words.includes(name) ? undefined : exclude.find((word) => names(word, name))
    const excluded = by === undefined ? undefined : (knownReasons[by] ?? `kselftest.exclude has ${by}`)
    return { name, config: undefined, excluded }
  })
}
