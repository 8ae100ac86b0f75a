import { z } from 'zod'
import { duration, path, texts } from './kinds.js'
import { setting } from './setting.js'

/** The kernel's own tests. */
export const kselftest = z
  .strictObject({
    dir: setting(path().optional(), {
      meaning: 'Where `make -C tools/testing/selftests install` put the tests: it has run_kselftest.sh.',
      example: '~/linux/kselftest_install',
      unset: '`kselftest_install` in `kernel.src`, or in tools/testing/selftests there',
    }),
    exclude: setting(texts('["timers:rtcpie"]').prefault(['breakpoints:step_after_suspend_test']), {
      meaning:
        'Tests and collections that are left out; `*` stands for any text. One that is named on the command line runs.',
      example: ['breakpoints:step_after_suspend_test', 'timers:*-lat'],
    }),
    timeout: setting(duration().optional(), {
      meaning:
        "How long kselftest's own runner lets each test take, after which it failed: for a guest that is slow, as under TCG.",
      example: '5m',
      unset: 'what the `settings` file of the collection says, or 45s',
    }),
  })
  .prefault({})
  .meta({ id: 'kselftest', description: 'The profile `kselftest` and `rapido kselftest`: docs/suites.md.' })
