import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { RapidoError } from '../../errors.js'
import { readSuiteJson } from '../../report/suite-json.js'
import type { SuiteResult } from '../../report/suite-result.js'
import { attemptsByTest } from './attempts-by-test.js'
import { readEarlierPart, readRun } from './result-folder.js'
import { suiteResult } from './suite-result.js'

/**
 * The results in a folder: those of a run that has ended, else what there is of one that goes on or was cut short. Throws
 * RapidoError('usage') where there are none.
 */
export function readResults(folder: string): SuiteResult {
  const path = join(folder, 'results.json')
  if (existsSync(path)) return { ...readResultFile(path), folder }
  const run = readRun(folder)
  const { attempts: records, machines } = readEarlierPart(folder)
  const attempts = attemptsByTest(records)
  const rest = { machines, failure: undefined, notes: [], failOn: [], strict: false, now: new Date() }
  return suiteResult(run, { folder, attempts, ...rest })
}

/** A results.json. */
export function readResultFile(path: string): SuiteResult {
  try {
    return readSuiteJson(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new RapidoError('usage', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** Results with their files named from another folder: where those of several are joined. */
export function movedTo(folder: string, result: SuiteResult): SuiteResult {
  const moved = (file: string) => (isAbsolute(file) ? file : relative(folder, join(result.folder, file)))
  return {
    ...result,
    folder,
    machines: result.machines.map((machine) => ({
      ...machine,
      consoleLog: machine.consoleLog === '' ? '' : moved(machine.consoleLog),
    })),
    tests: result.tests.map((test) => ({
      ...test,
      attempts: test.attempts.map((attempt) => ({ ...attempt, files: attempt.files.map(moved) })),
    })),
  }
}
