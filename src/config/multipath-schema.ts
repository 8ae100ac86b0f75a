import { z } from 'zod'
import { choice, path, text } from './kinds.js'
import { setting } from './setting.js'

/** Maps of the profiles `multipath` and `multipath-alua`. */
export const multipath = z
  .strictObject({
    policy: setting(
      choice(['service-time', 'round-robin', 'queue-length', 'historical-service-time']).prefault('service-time'),
      { meaning: 'The path selector: which path of a group gets the next I/O.', example: 'round-robin' },
    ),
    grouping: setting(choice(['multibus', 'failover', 'group_by_prio']).prefault('multibus'), {
      meaning: '`path_grouping_policy`: all paths in use, or one, or those of the best priority.',
      example: 'failover',
    }),
    checker: setting(choice(['tur', 'directio', 'readsector0']).prefault('tur'), {
      meaning: '`path_checker`: how multipathd sees whether a path works. `tur` does not notice failing reads.',
      example: 'directio',
    }),
    no_path_retry: setting(
      text({ pattern: /^(queue|fail|[1-9]\d*)$/, what: 'known', advice: 'use "queue", "fail" or a number' }).prefault(
        'queue',
      ),
      {
        meaning: 'Without any path: `queue` I/O for ever, `fail` it at once, or after so many checks, a second each.',
        example: '5',
      },
    ),
    src: setting(path().optional(), {
      meaning: 'A built multipath-tools tree, whose programs are used.',
      example: '~/multipath-tools',
      unset: 'those of the distribution',
    }),
  })
  .prefault({})
  .meta({ id: 'multipath', description: 'What the profiles `multipath` and `multipath-alua` set up.' })
