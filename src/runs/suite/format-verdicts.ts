import type { suiteFormat } from '../../config/suite-schema.js'
import { readBlktestsVerdict } from './blktests-output.js'
import { exitReason, readExitVerdict } from './exit-verdict.js'
import type { SuiteProgram } from './suite.js'
import { readTapVerdict } from './tap-verdict.js'

/** What became of a test, in each of the formats that `[suite]` knows. */
export const formatVerdicts: Record<(typeof suiteFormat)[number], SuiteProgram['verdict']> = {
  exit: readExitVerdict,
  tap: readTapVerdict,
  blktests: ({ text, exit }) => {
    const { status, reason, output } = readBlktestsVerdict(text)
    const isKilled = exit !== undefined && exit > 128
    if (isKilled ? status !== 'fail' : status === 'pass' && exit !== 0)
      return { status: 'fail', reason: exitReason(text, exit), output }
    return { status, reason, output }
  },
}
