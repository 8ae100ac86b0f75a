import { z } from 'zod'
import { choice, duration, text } from './kinds.js'
import { setting } from './setting.js'

const shellLine = () =>
  text({ pattern: /^[^\0\n]*\S[^\0\n]*$/, what: 'a line for a shell', advice: 'use one line, such as "./run-tests"' })

/** How what a test says is read. */
export const suiteFormat = ['tap', 'exit', 'blktests'] as const

/** `[suite]` of profile.toml. */
export const suite = z
  .strictObject({
    format: setting(choice(suiteFormat).prefault('tap'), {
      meaning:
        'How a test says what became of it: "tap": it prints TAP or KTAP; "exit": by its exit status, 0 passed, 4 or 77 ' +
        'not run; "blktests": as blktests\' check.',
      example: 'exit',
    }),
    list: setting(shellLine().optional(), {
      meaning: 'A shell line that prints the names of the tests in the guest, a line each.',
      example: 'ls tests',
      unset: 'the suite is one test, which has the name of the profile',
    }),
    run: setting(shellLine().optional(), {
      meaning:
        'A shell line that runs the test $TEST in the guest, in `boot.cwd`. What it writes to the folder $RESULT_BASE ' +
        'is kept among the results.',
      example: './tests/"$TEST"',
      unset: 'the profile has no suite',
    }),
    test_timeout: setting(duration().prefault('10m'), {
      meaning: 'How long one test may take; then it is a hang, and the VM is replaced.',
      example: '2m',
    }),
  })
  .prefault({})
  .describe('Tests that `rapido suite PROFILE` runs: docs/suites.md.')
