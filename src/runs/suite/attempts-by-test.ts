import type { Attempt } from '../../report/suite-result.js'
import type { AttemptRecord } from './result-folder.js'
import { testKey } from './suite.js'

/** The lines of results.jsonl, by testKey. */
export function attemptsByTest(records: readonly AttemptRecord[]): Map<string, Attempt[]> {
  const map = new Map<string, Attempt[]>()
  for (const { name, config, ...attempt } of records) {
    const key = testKey({ name, config })
    map.set(key, [...(map.get(key) ?? []), attempt])
  }
  return map
}
