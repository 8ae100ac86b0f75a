import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RapidoError } from '../../../../src/errors.js'
import {
  type AttemptRecord,
  ResultFolder,
  type RunRecord,
  readEarlierPart,
  readRun,
  reportNames,
} from '../../../../src/runs/suite/result-folder.js'
import { attempt } from '../../report/suite-results.js'

let root: string
let path: string
let open: ResultFolder[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-results-'))
  path = join(root, 'a/results')
  open = []
})
afterEach(async () => {
  for (const folder of open) await folder.release()
  rmSync(root, { recursive: true })
})

const run: RunRecord = {
  schemaVersion: 1,
  suite: 'fstests',
  profile: 'fstests-xfs',
  words: ['-g', 'quick'],
  sets: ['fstests.src="/x"'],
  options: { vms: 1, maxCrashes: 20, rerunFailed: 0, untilFail: false, strict: false },
  configFile: undefined,
  seed: 7,
  kernel: '6.17.0-rc1+',
  startedAt: '2026-11-21T10:45:00.123Z',
  shard: '1/2',
  tests: [{ name: 'generic/001', config: undefined }],
  notes: [],
}
const record = (name: string): AttemptRecord => ({ name, config: undefined, ...attempt() })
const generic001 = { name: 'generic/001', config: undefined }

async function create(): Promise<ResultFolder> {
  const folder = await ResultFolder.create(path, run)
  open.push(folder)
  return folder
}

async function resume() {
  const resumed = await ResultFolder.resume(path)
  open.push(resumed.folder)
  return resumed
}

async function failure(work: () => unknown): Promise<RapidoError> {
  const error = await Promise.resolve()
    .then(work)
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(RapidoError)
  return error as RapidoError
}

test('a new folder knows what was asked, and has no result; released, it has nothing but results', async () => {
  const folder = await create()
  expect(readRun(path)).toEqual(run)
  expect(readEarlierPart(path)).toEqual({ attempts: [], machines: [] })
  await folder.release()
  expect(readdirSync(path).sort()).toEqual(['results.jsonl', 'run.json', 'vms.jsonl'])
})

test('each result is a line, in the order in which they came', async () => {
  const folder = await create()
  for (const name of ['b', 'a', 'b']) folder.record(record(name))
  expect(readEarlierPart(path).attempts.map(({ name }) => name)).toEqual(['b', 'a', 'b'])
  expect(readFileSync(join(path, 'results.jsonl'), 'utf8').split('\n')).toHaveLength(4)
})

describe('somebody else', () => {
  test('cannot make a run where there is one', async () => {
    await (await create()).release()
    const { code, message, hint } = await failure(create)
    expect([code, message]).toEqual(['usage', `${path} holds the results of another run`])
    expect(hint).toContain(`--resume ${path}`)
  })

  test('cannot go on with one that still runs, but can once it is released', async () => {
    const folder = await create()
    folder.record(record('a'))
    const { code, message } = await failure(resume)
    expect([code, message]).toEqual(['usage', `a run that goes on writes to ${path}`])
    await folder.release()
    expect((await resume()).attempts).toHaveLength(1)
  })
})

describe('a run that goes on', () => {
  test('has all results there were, and adds to them', async () => {
    const first = await create()
    first.record(record('a'))
    await first.release()
    const { folder, attempts } = await resume()
    expect(attempts).toEqual([{ ...record('a'), config: undefined }])
    folder.record(record('b'))
    expect(readEarlierPart(path).attempts.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('knows of the VMs before it, the last word of each', async () => {
    const first = await create()
    const vm = { vm: 1, consoleLog: '', end: '', incidents: [] }
    const oops = {
      kind: 'oops' as const,
      title: 'BUG: x',
      lines: ['BUG: x'],
      consoleLine: 7,
      complete: true,
      repeats: 0,
      cause: undefined,
    }
    for (const known of [vm, { ...vm, vm: 2 }, { ...vm, incidents: [oops] }]) first.recordMachine(known)
    await first.release()
    writeFileSync(join(path, 'vms.jsonl'), `${readFileSync(join(path, 'vms.jsonl'), 'utf8')}{"vm":3,"con`)
    expect((await resume()).machines).toEqual([
      { ...vm, incidents: [oops] },
      { ...vm, vm: 2 },
    ])
  })

  test('has no reports of an end that was none', async () => {
    const first = await create()
    for (const name of reportNames) first.write(name, 'of the part before')
    await first.release()
    await resume()
    expect(readdirSync(path).filter((name) => (reportNames as readonly string[]).includes(name))).toEqual([])
  })

  test.each([
    ['cut in the middle', (line: string) => line.slice(0, 20)],
    ['cut before its line end', (line: string) => line],
    ['full of zeros, as a power cut leaves it', () => '\0'.repeat(30)],
    ['full of zeros, with a line end', () => `${'\0'.repeat(30)}\n`],
  ])('removes a last line that is %s', async (_, torn) => {
    const first = await create()
    first.record(record('a'))
    await first.release()
    const file = join(path, 'results.jsonl')
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, whole + torn(JSON.stringify(record('b'))))
    const { folder, attempts } = await resume()
    expect(attempts.map(({ name }) => name)).toEqual(['a'])
    expect(readFileSync(file, 'utf8')).toBe(whole)
    folder.record(record('c'))
    expect(readEarlierPart(path).attempts.map(({ name }) => name)).toEqual(['a', 'c'])
  })
})

describe('the file', () => {
  test.each<[string, string, string | undefined, number, string]>([
    ['generic/001.full', 'generic/001', undefined, 1, 'tests/generic/001.full'],
    ['generic/001.out.bad', 'generic/001', undefined, 1, 'tests/generic/001.out.bad'],
    ['generic/001.full', 'generic/001', undefined, 2, 'tests/generic/001.attempt2.full'],
    ['v4/generic/001.full', 'generic/001', 'v4', 1, 'tests/v4/generic/001.full'],
    ['generic/001.full', 'generic/001', 'v4', 3, 'tests/v4/generic/001.attempt3.full'],
    ['v5/generic/001.full', 'generic/001', 'v4', 1, 'tests/v4/generic/001.files/v5/generic/001.full'],
    ['generic/0012.full', 'generic/001', undefined, 1, 'tests/generic/001.files/generic/0012.full'],
    ['trace/a.log', 'generic/001', undefined, 1, 'tests/generic/001.files/trace/a.log'],
    ['trace/a.log', 'generic/001', undefined, 2, 'tests/generic/001.attempt2.files/trace/a.log'],
    ['out', 'net:tls', undefined, 1, 'tests/net_tls.files/out'],
    ['../../etc/passwd', 'generic/001', undefined, 1, 'tests/generic/001.files/etc/passwd'],
    ['/etc/passwd', 'generic/001', undefined, 1, 'tests/generic/001.files/etc/passwd'],
    ['a":<>|*?b\r', 'generic/001', undefined, 1, 'tests/generic/001.files/a_______b_'],
    ['ä ö', 'generic/001', undefined, 1, 'tests/generic/001.files/ä ö'],
  ])('%s of %s (%s), attempt %i, is %s', async (name, testName, config, number, expected) => {
    const folder = await create()
    const file = folder.file({ name: testName, config }, { path: name, attempt: number })
    file.write(Buffer.from('some '))
    file.write(Buffer.from('bytes'))
    file.close()
    expect(file.path).toBe(expected)
    expect(readFileSync(join(path, expected), 'utf8')).toBe('some bytes')
  })

  test('of a test that ran before in this run, and was cut short, is written anew', async () => {
    const folder = await create()
    for (const text of ['the first, longer one', 'second']) {
      const file = folder.file(generic001, { path: 'generic/001.full', attempt: 1 })
      file.write(Buffer.from(text))
      file.close()
    }
    expect(readFileSync(join(path, 'tests/generic/001.full'), 'utf8')).toBe('second')
  })
})

test('the console of a VM is kept; where it cannot be, the log itself is named', async () => {
  const folder = await create()
  const log = join(root, 'console.log')
  writeFileSync(log, 'Linux version')
  expect(folder.keepConsole(3, log)).toBe('vms/3.console')
  expect(readFileSync(join(path, 'vms/3.console'), 'utf8')).toBe('Linux version')
  mkdirSync(join(path, 'vms/4.console')) // something is in the way
  expect(folder.keepConsole(4, log)).toBe(log)
})

describe('a full disk is told with what to do, when it has', () => {
  /** The file at this place is on a disk that is full from the first byte. */
  function fill(name: string): void {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    rmSync(join(path, name), { force: true })
    symlinkSync('/dev/full', join(path, name))
  }

  test.each<[string, string, (folder: ResultFolder) => void]>([
    ['a result', 'results.jsonl', (folder) => folder.record(record('a'))],
    ['a report', 'junit.xml', (folder) => folder.write('junit.xml', '<xml/>')],
    [
      'a file of a test',
      'tests/generic/001.full',
      (folder) => folder.file(generic001, { path: 'generic/001.full', attempt: 1 }).write(Buffer.from('x')),
    ],
  ])('%s', async (_, name, write) => {
    const folder = await create()
    fill(name)
    const { code, message, hint } = await failure(() => write(folder))
    expect([code, message]).toEqual(['host', `cannot write the results in ${path}: no space left`])
    expect(hint).toBe(`make room there, then go on with --resume ${path}`)
  })

  test('a new run; with room it can be made there', async () => {
    fill('run.json.new')
    expect((await failure(create)).message).toBe(`cannot write the results in ${path}: no space left`)
    expect(existsSync(join(path, '.running'))).toBe(false)
    rmSync(join(path, 'run.json.new'))
    await create()
    expect(readRun(path)).toEqual(run)
  })
})

test('a place that cannot be a folder is told with another to choose', async () => {
  writeFileSync(join(root, 'a'), 'a file')
  const { code, message, hint } = await failure(create)
  expect([code, hint]).toEqual(['host', 'choose another folder with --results'])
  expect(message).toMatch(`cannot write the results in ${path}: E`)
})

test.each<[string, string | undefined, RegExp]>([
  ['nothing', undefined, /ENOENT/],
  ['something else', 'x', /is not valid JSON/],
  ['results of a rapido to come', '{"schemaVersion":2}', /schemaVersion 2 is not known/],
])('a folder with %s holds no results', (_, json, why) => {
  mkdirSync(path, { recursive: true })
  if (json !== undefined) writeFileSync(join(path, 'run.json'), json)
  expect(() => readRun(path)).toThrow(`${path} holds no results of rapido: `)
  expect(() => readRun(path)).toThrow(why)
})
