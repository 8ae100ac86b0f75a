import type { Profile } from '../../config/profile.js'
import { formatVerdicts } from './format-verdicts.js'
import type { SuiteProgram } from './suite.js'

/** In the guest: the names of the tests of a share. */
const listFile = '/run/rapido/suite/tests'

/** A program for each test: the shell line of `[suite]`, by `suite-run each`. */
export function eachProgram({ format, run }: { format: Profile['suite']['format']; run: string }): SuiteProgram {
  return {
    argv: () => ['each', listFile, run],
    env: () => ({}),
    files: (tests) => ({ [listFile]: tests.map((name) => `${name}\n`).join('') }),
    verdict: formatVerdicts[format],
  }
}
