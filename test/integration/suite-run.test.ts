import { execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { dir } from 'tmp-promise'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type SuiteEvent, SuiteFrames } from '../../src/runs/suite/frames.js'
import { until } from '../helpers/until.js'

const program = resolve('src/guest/suite-run')

/** Runs suite-run here and answers each start by its name; returns what it told, texts and bytes joined. */
async function runSuite(
  argv: string[],
  options: { folder: string; answer?: (test: string) => 'go' | 'stop'; env?: Record<string, string> },
) {
  const { folder, answer = () => 'go', env = {} } = options
  writeFileSync(join(folder, 'tainted'), '512\n')
  const child = spawn(program, argv, {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      RAPIDO_SUITE_TOKEN: 'token',
      RAPIDO_SUITE_FOLDER: join(folder, 'suite'),
      RAPIDO_SUITE_TAINT: join(folder, 'tainted'),
      RESULT_BASE: join(folder, 'results'),
      ...env,
    },
  })
  const frames = new SuiteFrames('token')
  const told: SuiteEvent[] = []
  for await (const chunk of child.stdout) {
    for (const event of frames.feed(chunk)) {
      if (event.type === 'start') child.stdin.write(`${answer(event.test)}\n`)
      const last = told.at(-1)
      if (event.type === 'text' && last?.type === 'text') last.text += event.text
      else told.push(event)
    }
  }
  child.stdin.end()
  return told
}

async function folderWith(check: string): Promise<string> {
  const { path, cleanup } = await dir({ unsafeCleanup: true })
  onTestFinished(() => cleanup())
  writeFileSync(join(path, 'check'), `#!/bin/bash\n${check}`)
  chmodSync(join(path, 'check'), 0o755)
  mkdirSync(join(path, 'suite'))
  return path
}

test('check calls logger before each test: its start is told, with the files of the one before it', async () => {
  const folder = await folderWith(`
    for test in generic/001 generic/002; do
      echo -n "$test "
      logger "run xfstest $test"
      mkdir -p $RESULT_BASE/generic
      echo "all of $test" >$RESULT_BASE/$test.full
      touch $RESULT_BASE/check.log
      echo ' 1s'
    done
    echo done`)
  expect(await runSuite(['check', '--', './check'], { folder })).toEqual([
    { type: 'text', text: 'generic/001 ' },
    { type: 'start', taint: 512, test: 'generic/001' },
    { type: 'text', text: ' 1s\ngeneric/002 ' },
    { type: 'file', path: 'generic/001.full', size: 19 },
    { type: 'bytes', bytes: Buffer.from('all of generic/001\n') },
    { type: 'start', taint: 512, test: 'generic/002' },
    { type: 'text', text: ' 1s\ndone\n' },
    { type: 'file', path: 'generic/002.full', size: 19 },
    { type: 'bytes', bytes: Buffer.from('all of generic/002\n') },
    { type: 'end', status: 0, taint: 512 },
  ])
})

/** The events of one kind, in short. */
function filesIn(told: SuiteEvent[]): [path: string, content: string, size: number][] {
  return told.flatMap((event, index): [string, string, number][] => {
    if (event.type !== 'file') return []
    const next = told[index + 1]
    return [[event.path, next?.type === 'bytes' ? next.bytes.toString() : '', event.size]]
  })
}

test('a test that may not begin ends check, which still says what it has to', async () => {
  const folder = await folderWith(`
    trap 'echo "Failures: none"; exit 3' TERM
    for test in generic/001 generic/002 generic/003; do
      logger "run xfstest $test"
      echo "$test runs"
    done`)
  const answer = (test: string) => (test === 'generic/002' ? 'stop' : 'go')
  expect(await runSuite(['check', '--', './check'], { folder, answer })).toEqual([
    { type: 'start', taint: 512, test: 'generic/001' },
    { type: 'text', text: 'generic/001 runs\n' },
    { type: 'start', taint: 512, test: 'generic/002' },
    { type: 'text', text: 'Failures: none\n' },
    { type: 'end', status: 3, taint: 512 },
  ])
})

test('what else a test logs is nothing to us', async () => {
  const folder = await folderWith('logger a message; logger; logger "run xfstest"; echo done; exit 1')
  expect(await runSuite(['check', '--', './check'], { folder })).toEqual([
    { type: 'text', text: 'done\n' },
    { type: 'end', status: 1, taint: 512 },
  ])
})

test.each([
  ['a status', 'exit 7', 7],
  ['a signal', 'kill -SEGV $$', 139],
])('the end of check by %s is told', async (_, check, status) => {
  const folder = await folderWith(check)
  expect((await runSuite(['check', '--', './check'], { folder })).at(-1)).toEqual({ type: 'end', status, taint: 512 })
})

test('a command that is not there is told as text, and as a status', async () => {
  const folder = await folderWith('')
  const told = await runSuite(['check', '--', './nosuch'], { folder })
  expect(told).toEqual([
    { type: 'text', text: 'suite-run: ./nosuch: No such file or directory\n' },
    { type: 'end', status: 2, taint: 512 },
  ])
})

describe('results', () => {
  test('come from folders in folders, links and pipes apart, and are gone then', async () => {
    const folder = await folderWith(`
      logger "run xfstest generic/001"
      mkdir -p $RESULT_BASE/v4/generic/001.d "$RESULT_BASE/a b"
      echo -n 1 >$RESULT_BASE/v4/generic/001.full
      echo -n 2 >$RESULT_BASE/v4/generic/001.d/trace
      echo -n 3 >"$RESULT_BASE/a b/c d"
      echo -n >$RESULT_BASE/empty
      echo -n 4 >"$RESULT_BASE/two
lines"
      ln -s /etc/passwd $RESULT_BASE/link
      ln -s / $RESULT_BASE/v4/root
      mkfifo $RESULT_BASE/pipe`)
    const told = await runSuite(['check', '--', './check'], { folder })
    expect(filesIn(told)).toEqual([
      ['a b/c d', '3', 1],
      ['empty', '', 0],
      ['two?lines', '4', 1],
      ['v4/generic/001.d/trace', '2', 1],
      ['v4/generic/001.full', '1', 1],
    ])
    expect(readdirSync(join(folder, 'results/v4/generic'))).toEqual(['001.d'])
    expect(readdirSync(join(folder, 'results/v4/generic/001.d'))).toEqual([])
  })

  test('that check needs for the tests to come stay, and are not sent', async () => {
    const kept = ['check.log', 'check.time', 'check_dmesg', 'dmesg_filter', 'require_scratch', 'require_test.dax']
    const folder = await folderWith(`
      logger "run xfstest generic/001"
      touch ${kept.map((name) => `$RESULT_BASE/${name}`).join(' ')} $RESULT_BASE/result.xml $RESULT_BASE/checked`)
    const told = await runSuite(['check', '--', './check'], { folder })
    expect(filesIn(told).map(([path]) => path)).toEqual(['checked'])
    expect(readdirSync(join(folder, 'results')).sort()).toEqual([...kept, 'result.xml'].sort())
  })

  test('of a file that is too large the beginning is sent, with its size; what follows is taken apart', async () => {
    const folder = await folderWith(`
      logger "run xfstest generic/001"
      printf 0123456789abcdefghij >$RESULT_BASE/large
      printf 0123456789 >$RESULT_BASE/right
      echo done`)
    const told = await runSuite(['check', '--', './check'], { folder, env: { RAPIDO_SUITE_FILE_MAX: '10' } })
    expect(filesIn(told)).toEqual([
      ['large', '0123456789', 20],
      ['right', '0123456789', 10],
    ])
    expect(told.at(-1)).toEqual({ type: 'end', status: 0, taint: 512 })
  })

  test('of many buffers arrive whole', async () => {
    const folder = await folderWith(`
      logger "run xfstest generic/001"
      head -c 3000000 /dev/zero | tr '\\0' x >$RESULT_BASE/large`)
    const told = await runSuite(['check', '--', './check'], { folder })
    const bytes = told.reduce((sum, event) => sum + (event.type === 'bytes' ? event.bytes.length : 0), 0)
    expect(bytes).toBe(3_000_000)
    expect(told.at(-1)).toMatchObject({ type: 'end' })
  })
})

describe('each', () => {
  /** Runs a shell line for each of these tests. */
  async function runEach(names: string[], line: string, answer?: (test: string) => 'go' | 'stop') {
    const folder = await folderWith('')
    writeFileSync(join(folder, 'list'), names.map((name) => `${name}\n`).join(''))
    const told = await runSuite(['each', join(folder, 'list'), line], { folder, ...(answer ? { answer } : {}) })
    return { folder, told }
  }

  test('runs a line for each test, and tells its status before the next one begins', async () => {
    const line = `
      echo "$TEST says"; echo "and complains" >&2; echo -n $TEST >$RESULT_BASE/file
      case $TEST in b) exit 77 ;; c/d) kill -KILL $$ ;; esac`
    expect((await runEach(['a', 'b', 'c/d'], line)).told).toEqual([
      { type: 'start', taint: 512, test: 'a' },
      { type: 'text', text: 'a says\nand complains\n' },
      { type: 'exit', status: 0 },
      { type: 'file', path: 'file', size: 1 },
      { type: 'bytes', bytes: Buffer.from('a') },
      { type: 'start', taint: 512, test: 'b' },
      { type: 'text', text: 'b says\nand complains\n' },
      { type: 'exit', status: 77 },
      { type: 'file', path: 'file', size: 1 },
      { type: 'bytes', bytes: Buffer.from('b') },
      { type: 'start', taint: 512, test: 'c/d' },
      { type: 'text', text: 'c/d says\nand complains\n' },
      { type: 'exit', status: 137 },
      { type: 'file', path: 'file', size: 3 },
      { type: 'bytes', bytes: Buffer.from('c/d') },
      { type: 'end', status: 0, taint: 512 },
    ])
  })

  test('a test that may not begin, and those after it, are not run', async () => {
    const { told } = await runEach(['a', 'b', 'c'], 'echo $TEST', (test) => (test === 'b' ? 'stop' : 'go'))
    expect(told).toEqual([
      { type: 'start', taint: 512, test: 'a' },
      { type: 'text', text: 'a\n' },
      { type: 'exit', status: 0 },
      { type: 'start', taint: 512, test: 'b' },
      { type: 'end', status: 0, taint: 512 },
    ])
  })

  test('what a test leaves running is killed, and nobody waits for it', async () => {
    const { folder, told } = await runEach(['a', 'b'], 'sleep 1000 & echo -n $! >pid.$TEST')
    expect(told.filter(({ type }) => type === 'exit')).toHaveLength(2)
    for (const name of ['pid.a', 'pid.b']) {
      const pid = readFileSync(join(folder, name), 'utf8')
      await until(() => !existsSync(`/proc/${pid}`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
    }
  })

  test('a test has no input to wait for', async () => {
    const { told } = await runEach(['a'], 'cat; echo end')
    expect(told).toContainEqual({ type: 'text', text: 'end\n' })
  })
})

test('without what it needs it says so', async () => {
  const { stderr } = await new Promise<{ stderr: string }>((done) => {
    execFile(program, ['each', 'list', 'true'], { env: { PATH: process.env.PATH } }, (_error, _stdout, stderr) =>
      done({ stderr }),
    )
  })
  expect(stderr).toBe('suite-run: RAPIDO_SUITE_TOKEN is not set\n')
})
