import { expect, test } from 'vitest'
import { readTapVerdict } from '../../../../src/runs/suite/tap-verdict.js'

/** What kselftest's runner prints around a test. */
function run(result: string, ...said: string[]): string {
  const lines = ['TAP version 13', '1..1', '# selftests: net: tls', ...said.map((line) => `# ${line}`), result]
  return `${lines.join('\n')}\n`
}

const wrapper = 'selftests: net: tls'

test('points that are all ok pass, and are told as subtests', () => {
  const text = 'TAP version 13\n1..2\nok 1 - open\nok 2 - close # SKIP no lock\n'
  expect(readTapVerdict({ text, exit: 0 })).toEqual({
    status: 'pass',
    reason: '',
    output: text.trimEnd(),
    subtests: [
      { name: 'open', status: 'pass', reason: '' },
      { name: 'close', status: 'skip', reason: 'no lock' },
    ],
  })
})

test('the point of the runner is the test itself, no subtest of it', () => {
  const text = run(`ok 1 ${wrapper}`, 'TAP version 13', '1..2', 'ok 1 open', 'ok 2 close')
  const { status, subtests } = readTapVerdict({ text, exit: 0 })
  expect([status, subtests?.map(({ name }) => name)]).toEqual(['pass', ['open', 'close']])
  expect(readTapVerdict({ text: run(`ok 1 ${wrapper}`, 'fine'), exit: 0 })).toMatchObject({
    status: 'pass',
    subtests: [],
  })
})

test.each([
  [
    ['TAP version 13', '1..3', 'ok 1 open', 'not ok 2 read', 'not ok 3 close'],
    `not ok 1 ${wrapper} # exit=1`,
    'read (2 of 3 failed)',
  ],
  [
    ['TAP version 13', '1..1', '#  RUN  tls.x ...', '# tls.c:7:x:Expected 1 == 2', '#  FAIL  tls.x', 'not ok 1 tls.x'],
    `not ok 1 ${wrapper} # exit=1`,
    'tls.x: tls.c:7:x:Expected 1 == 2',
  ],
  [['cannot open /dev/x'], `not ok 1 ${wrapper} # exit=1`, 'exit status 1; cannot open /dev/x'],
  [['still here'], `not ok 1 ${wrapper} # TIMEOUT 45 seconds`, 'TIMEOUT 45 seconds; still here'],
  [['TAP version 13', '1..2', 'ok 1 open'], `not ok 1 ${wrapper} # exit=139`, 'exit status 139'],
  [['TAP version 13', '1..3', 'ok 1 open', 'ok 2 read'], `ok 1 ${wrapper}`, `${wrapper}: planned 3, saw 2`],
])('a test of kselftest that says %j fails: %s', (said, result, reason) => {
  expect(readTapVerdict({ text: run(result, ...said), exit: 0 })).toMatchObject({ status: 'fail', reason })
})

test('a test of kselftest with a plan and no point at all has its exit status', () => {
  const said = ['TAP version 13', '1..3', 'PASS: 0 returned as expected']
  expect(readTapVerdict({ text: run(`ok 1 ${wrapper}`, ...said), exit: 0 })).toMatchObject({
    status: 'pass',
    reason: '',
  })
})

test.each([
  ['1..2\nok 1\nBail out! disk full\n', 1, 'bailed out: disk full; exit status 1; Bail out! disk full'],
  ['1..3\nok 1\nok 2\n', 0, 'planned 3, saw 2'],
  ['no TAP here\n', 0, 'no test points'],
  ['Segmentation fault\n', 139, 'no test points; exit status 139; Segmentation fault'],
  ['1..1\nok 1 fine\n', 1, 'exit status 1; ok 1 fine'],
  ['1..1\nnot ok 1 bad\n', 4, 'bad'],
  ['1..1\nnot ok 1 bad\n', 0, 'bad'],
])('%j with status %i fails: %s', (text, exit, reason) => {
  expect(readTapVerdict({ text, exit })).toMatchObject({ status: 'fail', reason })
})

test.each([
  ['1..0 # SKIP no network\n', 0, 'no network'],
  ['1..1\nok 1 all # SKIP no disk\n', 0, 'no disk'],
  ['this needs root\n', 4, 'this needs root'],
  ['1..1\nok 1 fine\n', 4, 'ok 1 fine'],
  [run(`ok 1 ${wrapper} # SKIP`, 'module tls is not found [SKIP]'), 0, 'module tls is not found [SKIP]'],
])('%j with status %i is not run: %s', (text, exit, reason) => {
  expect(readTapVerdict({ text, exit })).toMatchObject({ status: 'notrun', reason })
})

test('a todo that is not ok fails nothing', () => {
  const text = '1..2\nok 1 fine\nnot ok 2 later # TODO some day\n'
  expect(readTapVerdict({ text, exit: 0 })).toMatchObject({ status: 'pass', reason: '' })
})

test('points that are all ok do not pass where the beginning of the output is lost', () => {
  const text = run(`ok 1 ${wrapper}`, 'TAP version 13', '1..1', 'ok 1 open')
  expect(readTapVerdict({ text, exit: 0, isCut: true })).toMatchObject({
    status: 'fail',
    reason: expect.stringContaining('lost'),
  })
  expect(readTapVerdict({ text: text.slice(text.indexOf('ok 1 open')), exit: 0, isCut: true }).status).toBe('fail')
  expect(readTapVerdict({ text: 'not ok 1 a\n', exit: 1, isCut: true })).toMatchObject({ reason: 'a' })
})

test('a test of kselftest that gives up is not run, whatever passed before', () => {
  const text = run(`ok 1 ${wrapper} # SKIP`, 'TAP version 13', '1..2', 'ok 1 open', 'ok 2 close # SKIP no lock')
  expect(readTapVerdict({ text, exit: 0 })).toMatchObject({ status: 'notrun', reason: 'no lock' })
})

test.each([
  ['ok 1 selftests: net: tls', 'pass', ''],
  ['ok 1 selftests: net: tls # SKIP', 'notrun', ''],
  ['ok 1 1 selftests: net: tls', 'pass', ''],
  ['not ok 1 selftests: net: tls # TIMEOUT 45 seconds', 'fail', 'TIMEOUT 45 seconds; checking … done'],
])('the result %s counts although the test has no last line end', (result, status, reason) => {
  const text = `TAP version 13\n1..1\n# selftests: net: tls\n# checking … done${result}\n`
  expect(readTapVerdict({ text, exit: 0 })).toMatchObject({ status, reason })
})

test('what a test says of another is not its result', () => {
  const text = run('not ok 1 selftests: net: tls # exit=1', 'I saw ok 1 selftests: net: other')
  expect(readTapVerdict({ text, exit: 0 }).status).toBe('fail')
})
