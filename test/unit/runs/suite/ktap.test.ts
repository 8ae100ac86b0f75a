import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Subtest } from '../../../../src/report/suite-result.js'
import { TapReader, type TapResult } from '../../../../src/runs/suite/ktap.js'

describe('recorded streams', () => {
  test('KUnit, on the console', () => {
    const { result, points } = read(fixture('kunit'))
    expect(brief(result)).toEqual([
      'pass list-kunit-test/list_test_list_init',
      'pass list-kunit-test/list_test_list_add',
      'pass list-kunit-test/list_test_list_del',
      'pass example/example_simple_test',
      'skip example/example_skip_test: this test should be skipped',
      'fail example/example_sum_test: example_sum_test: initializing …',
      'skip example/example_params_test/example value 3: unsupported param value 3',
      'pass example/example_params_test/example value 2',
      'pass example/example_params_test/example value 1',
      'pass ext4_inode_test/inode_test_xtimestamp_decoding/1901-12-13 Lower bound of 32bit < 0 timestamp, no extra bits',
      'pass ext4_inode_test/inode_test_xtimestamp_decoding/1969-12-31 Upper bound of 32bit < 0 timestamp, no extra bits',
    ])
    expect(result).toMatchObject({ planned: 3, problems: [], bailedOut: undefined, status: 'fail' })
    expect(points).toEqual(['pass list-kunit-test (3)', 'fail example (6)', 'pass ext4_inode_test (2)'])
    const failed = result.subtests.find(({ status }) => status === 'fail')
    expect(failed?.reason.split('\n').slice(1, 4)).toEqual([
      'example_sum_test: EXPECTATION FAILED at lib/kunit/kunit-example-test.c:31',
      '    Expected 1 + 1 == 3, but',
      '        1 + 1 == 2 (0x2)',
    ])
  })

  test('KUnit of old, indented by tabs, that ends in a suite', () => {
    const { result } = read(fixture('kunit-tabs'))
    expect(brief(result)).toEqual([
      'pass sysctl_test/sysctl_test_null_tbl_data',
      'pass sysctl_test/sysctl_test_len_is_zero',
      'pass example/example_simple_test',
      'fail example: no result: the output ends in it',
    ])
    expect(result).toMatchObject({ planned: 2, status: 'fail' })
    expect(result.problems).toEqual(['planned 2, saw 1', 'example: planned 2, saw 1', 'example: no result'])
  })

  test("kselftest's runner", () => {
    const { result, points } = read(fixture('kselftest'))
    expect(brief(result)).toEqual([
      'pass selftests: membarrier: membarrier_test_single_thread/sys_membarrier available',
      'pass selftests: membarrier: membarrier_test_single_thread/sys membarrier invalid command test: command = -1, flags = 0, errno = 22. Failed as expected',
      'skip selftests: membarrier: membarrier_test_single_thread/sys membarrier MEMBARRIER_CMD_GLOBAL_EXPEDITED test: kernel too old: sys membarrier MEMBARRIER_CMD_GLOBAL_EXPEDITED test: kernel too old',
      'pass selftests: cgroup: test_core/test_cgcore_internal_process_constraint',
      'pass selftests: cgroup: test_core/test_cgcore_top_down_constraint_enable',
      'fail selftests: cgroup: test_core/test_cgcore_lesser_ns_open',
      'pass selftests: cgroup: test_freezer/test_cgfreezer_simple',
      'pass selftests: cgroup: test_freezer/test_cgfreezer_tree',
      'fail selftests: cgroup: test_freezer: TIMEOUT 45 seconds',
      'fail selftests: cgroup: with_stress.sh: exit=127 …',
      'pass selftests: net: tls/global.non_established',
      'fail selftests: net: tls/tls_basic.base_base:  RUN           tls_basic.base_base ... …',
      'todo selftests: net: tls/tls.12_gcm.sendfile: no sendfile on this transport',
      'pass selftests: net: reuseaddr_conflict',
      'skip selftests: net: test_bpf.sh: test_bpf: [SKIP] CONFIG_TEST_BPF is not there',
      'skip selftests: net: icmp.sh: needs root',
    ])
    expect(result).toMatchObject({ planned: 8, bailedOut: undefined, status: 'fail' })
    expect(result.problems).toEqual(['selftests: cgroup: test_freezer: planned 5, saw 2'])
    expect(points).toEqual([
      'pass selftests: membarrier: membarrier_test_single_thread (3)',
      'fail selftests: cgroup: test_core (3)',
      'fail selftests: cgroup: test_freezer (2)',
      'fail selftests: cgroup: with_stress.sh (0)',
      'fail selftests: net: tls (3)',
      'pass selftests: net: reuseaddr_conflict (0)',
      'skip selftests: net: test_bpf.sh (0)',
      'skip selftests: net: icmp.sh (0)',
    ])
    expect(result.subtests.find(({ name }) => name.endsWith('with_stress.sh'))?.reason).toBe(
      'exit=127\n./with_stress.sh: line 9: stress: command not found\n[FAIL]',
    )
  })

  test("Perl's Test::More, with what it explains", () => {
    const { result, points } = read(fixture('test-more'))
    expect(brief(result)).toEqual([
      'pass first',
      "fail sums up: Failed test 'sums up' …",
      'pass reads/opens',
      "fail reads/reads what was written: Failed test 'reads what was written' …",
      'pass reads/at the end/eof # with a hash',
      'todo discards: the driver knows no discard yet',
      "todo zones/resets: Failed test 'resets' …",
      'skip no network: no network',
      'pass 7',
    ])
    expect(result).toMatchObject({ planned: 7, problems: [], status: 'fail' })
    expect(points).toHaveLength(7)
    expect(result.subtests[1]?.reason).toBe("Failed test 'sums up'\nat t/disk.t line 4.\ngot: '2'\nexpected: '3'")
  })

  test.each(['kunit', 'kunit-tabs', 'kselftest', 'test-more'])('%s, cut anywhere and with \\r\\n', (name) => {
    const text = fixture(name)
    const whole = read(text).result
    for (const size of [1, 7, 100]) {
      const chunks = text.replaceAll('\n', '\r\n').match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) as string[]
      expect(read(...chunks).result).toEqual(whole)
    }
  })
})

describe('points', () => {
  test.each([
    ['ok 1 - opens', 'pass opens'],
    ['ok 1 opens', 'pass opens'],
    ['ok 1', 'pass 1'],
    ['ok', 'pass 1'],
    ['ok - opens', 'pass opens'],
    ['not ok 1 - opens', 'fail opens'],
    ['ok 1 opens # SKIP no device', 'skip opens: no device'],
    ['not ok 1 opens # SKIP', 'skip opens'], // as kselftest before Linux 5.10
    ['ok 1 opens # Skipped: no device', 'skip opens: no device'],
    ['ok 1 # skip no device', 'skip no device: no device'],
    ['not ok 1 opens # TODO no ioctl', 'todo opens: no ioctl'],
    ['ok 1 opens # todo', 'todo opens'],
    ['not ok 1 # TODO & SKIP crashes', 'todo crashes: crashes'],
    ['not ok 1 opens # XFAIL no ioctl', 'todo opens: no ioctl'],
    ['ok 1 # XFAIL opens', 'todo opens: opens'],
    ['ok 1 opens # XFAILED', 'pass opens'], // no directive
    ['not ok 1 opens # exit=1', 'fail opens: exit=1'],
    ['not ok 1 opens # TIMEOUT 45 seconds', 'fail opens: TIMEOUT 45 seconds'],
    ['not ok 1 # error no device', 'fail error no device: error no device'],
    ['ok 1 opens # rcode=0', 'pass opens'],
    ['ok 1 bug #42 is mended', 'pass bug #42 is mended'],
    ['ok 1 a \\# b \\\\ c', 'pass a # b \\ c'],
    ['ok 1 a \\# SKIP b', 'pass a # SKIP b'],
    ['not ok 1 1 selftests: net: tls # exit=2', 'fail selftests: net: tls: exit=2'], // since Linux 7.0
    ['[   12.345678] not ok 1 opens', 'fail opens'],
    ['<6>[   12.345678][    T1] not ok 1 opens', 'fail opens'],
    ['not ok 1 opens\r', 'fail opens'],
  ])('%s → %s', (line, told) => {
    expect(brief(read(`1..1\n${line}\n`).result)).toEqual([told])
  })

  test.each(['okay', 'ok: fine', 'not okay', '# ok 1 by the way', ' ok 1', 'it is ok 1', 'ook 1', '#ok 1'])(
    'no point: %s',
    (line) => {
      expect(read(`1..1\nok 1 a\n${line}\n`).result).toMatchObject({ subtests: [{ name: 'a' }], status: 'pass' })
    },
  )

  test('in KTAP a point has a number: what else begins with "ok" is the console\'s', () => {
    expect(brief(read('KTAP version 1\n1..1\nok booting\nok 1 a\n').result)).toEqual(['pass a'])
  })

  test('the diagnostics of a failed one are those before it, without junk of the ones before', () => {
    const { subtests } = read('1..3\n# of a\nok 1 a\n# of b\nkernel: noise\n\nnot ok 2 b # exit=1\nnot ok 3 c\n').result
    expect(subtests.map(({ reason }) => reason)).toEqual(['', 'exit=1\nof b\nkernel: noise', ''])
  })

  test('of a flood between two points the end is kept', () => {
    const { subtests } = read('1..1\n', ...Array(3000).fill(`${'x'.repeat(99)}\n`), 'the last\nnot ok 1 a\n').result
    expect(subtests[0]?.reason.length).toBeLessThan(66_000)
    expect(subtests[0]?.reason).toMatch(/^\[… cut\]\nx+\n[x\n]*the last$/)
  })

  test('a line without an end takes no memory', () => {
    const reader = new TapReader()
    for (let chunk = 0; chunk < 2000; chunk++) reader.feed('x'.repeat(10_000))
    reader.feed('\nok 1 a\n1..1\n')
    expect(reader.end()).toMatchObject({ subtests: [{ name: 'a' }], status: 'pass' })
  })

  test('a hundred thousand of them are read in seconds', () => {
    const reader = new TapReader()
    const count = 100_000
    for (let number = 1; number <= count; number++) reader.feed(`    # noise\n    ok ${number} point ${number}\n`)
    reader.feed('ok 1 all\n1..1\n')
    const { subtests, problems } = reader.end()
    expect([subtests.length, subtests.at(-1)?.name, problems]).toEqual([count, `all/point ${count}`, []])
  })
})

describe('YAML', () => {
  const block = ['  ---', '  message: "two"', '', '  got:', '    ok 7 is no point here', '  ...'].join('\n')

  test('it explains the point before it', () => {
    const { subtests, problems } = read(`TAP version 13\nnot ok 1 a\n${block}\nnot ok 2 b\n1..2\n`).result
    expect(subtests).toEqual([
      { name: 'a', status: 'fail', reason: 'message: "two"\ngot:\n  ok 7 is no point here' },
      { name: 'b', status: 'fail', reason: '' },
    ])
    expect(problems).toEqual([])
  })

  test('a block that does not end, ends where the lines do', () => {
    expect(brief(read('1..2\nnot ok 1 a\n  ---\n  x: 1\nok 2 b\n').result)).toEqual(['fail a: x: 1', 'pass b'])
  })

  test('dashes elsewhere begin none', () => {
    expect(brief(read('1..1\n  ---\n  ok 1 in\nok 1 a\n').result)).toEqual(['pass a/in'])
  })
})

describe('plans and numbers', () => {
  test.each([
    ['first', '1..2\nok 1 a\nok 2 b\n', 2, []],
    ['last', 'ok 1 a\nok 2 b\n1..2\n', 2, []],
    ['missing', 'TAP version 13\nok 1 a\nok 2 b\n', undefined, []],
    ['without numbers', '1..2\nok a\nok b\n', 2, []],
    ['too few', '1..5\nok 1 a\nok 2 b\nok 3 c\n', 5, ['planned 5, saw 3']],
    ['too many', '1..1\nok 1 a\nok 2 b\n', 1, ['planned 1, saw 2']],
    ['one missing', '1..3\nok 1 a\nok 2 b\nok 4 c\n', 3, ['number 3 missing']],
    ['several missing', '1..3\nok 1 a\nok 5 b\nok 9 c\n', 3, ['numbers 2 to 4 missing', 'numbers 6 to 8 missing']],
    ['one twice', '1..3\nok 1 a\nok 2 b\nok 2 c\n', 3, ['number 2 twice']],
    ['in another order', '1..3\nok 3 a\nok 1 b\nok 2 c\n', 3, []],
    ['two documents', 'TAP version 13\n1..1\nok 1 a\nTAP version 13\n1..2\nok 1 b\nok 2 c\n', 3, []],
    ['two without versions', '1..1\nok 1 a\n1..2\nok 1 b\nok 2 c\n', 3, []],
    ['two with plans last', 'ok 1 a\n1..1\nok 1 b\nok 2 c\n1..2\n', 3, []],
    ['one cut short', 'TAP version 13\n1..2\nok 1 a\nTAP version 13\n1..1\nok 1 b\n', 3, ['planned 2, saw 1']],
    ['collections under one plan', '1..2\nok 1 selftests: a: x\nok 1 selftests: b: x\n', 2, []],
    ['collections mixed', '1..3\nok 2 selftests: a: y\nok 1 selftests: b: x\nok 1 selftests: a: x\n', 3, []],
    ['a collection with a gap', 'ok 1 selftests: a: x\nok 3 selftests: a: y\n', undefined, ['a: number 2 missing']],
    ['nothing', 'Welcome\n', undefined, ['no test points']],
  ])('%s', (_, text, planned, problems) => {
    expect(read(text).result).toMatchObject({ planned, problems, status: problems.length === 0 ? 'pass' : 'fail' })
  })

  test.each([
    ['1..0 # SKIP no /dev/vdb\n', 'no /dev/vdb'],
    ['1..0 # skipped: no /dev/vdb\n', 'no /dev/vdb'],
    ['KTAP version 1\n1..0\n', ''],
    ['1..1\nok 1 a # SKIP\n', ''],
  ])('all is skipped: %j', (text, reason) => {
    expect(read(text).result).toMatchObject({ status: 'skip', reason, problems: [] })
  })

  test('a stream of gaps is told in few lines', () => {
    const text = Array.from({ length: 200 }, (_, index) => `ok ${2 * index + 2} a\n`).join('')
    expect(read(text).result.problems).toHaveLength(31)
  })

  test.each([
    ['1..3\nok 1 a\nBail out!  the disk is gone\n', 'the disk is gone'],
    ['1..3\nok 1 a\nbail out!\n', ''],
    ['1..3\nok 1 a\n    Bail out! from inside\n', 'from inside'],
  ])('bailed out: %j', (text, bailedOut) => {
    expect(read(text).result).toMatchObject({ bailedOut, problems: [], status: 'fail' })
  })

  test('a selftest that bails out is not the end of the others', () => {
    const text = '1..1\n# selftests: a: b\n# TAP version 13\n# Bail out! no root\nnot ok 1 selftests: a: b # exit=1\n'
    const { result } = read(text)
    expect(brief(result)).toEqual(['fail selftests: a: b: exit=1 …'])
    expect(result.bailedOut).toBeUndefined()
    expect(result.subtests[0]?.reason).toContain('Bail out! no root')
  })
})

describe('nesting', () => {
  test('by two columns, as in the document of KTAP', () => {
    const text = `KTAP version 1
1..1
  KTAP version 1
  1..3
    KTAP version 1
    1..1
    # test_1: initializing test_1
    ok 1 test_1
  ok 1 example_test_1
    KTAP version 1
    1..2
    ok 1 test_1 # SKIP test_1 skipped
    ok 2 test_2
  ok 2 example_test_2
    KTAP version 1
    1..3
    ok 1 test_1
    # test_2: FAIL
    not ok 2 test_2
    ok 3 test_3 # SKIP test_3 skipped
  not ok 3 example_test_3
not ok 1 main_test
`
    expect(brief(read(text).result)).toEqual([
      'pass main_test/example_test_1/test_1',
      'skip main_test/example_test_2/test_1: test_1 skipped',
      'pass main_test/example_test_2/test_2',
      'pass main_test/example_test_3/test_1',
      'fail main_test/example_test_3/test_2: test_2: FAIL',
      'skip main_test/example_test_3/test_3: test_3 skipped',
    ])
    expect(read(text).result.problems).toEqual([])
  })

  test('without any header', () => {
    const text = 'KTAP version 1\n1..2\nnot ok 1 a\n    KTAP version 1\n    1..1\n        not ok 1 c\nnot ok 2 b\n'
    expect(brief(read(text).result)).toEqual(['fail a', 'fail b/a subtest/c'])
    expect(read(text).result.problems).toEqual(['a subtest: no result', 'b: planned 1, saw 0'])
  })

  test('Test::More inside itself, its plans last', () => {
    const text = `# Subtest: outer
    # Subtest: inner
        ok 1 - a
        1..1
    ok 1 - inner
    1..1
ok 1 - outer
1..1
`
    expect(read(text).result).toMatchObject({ subtests: [{ name: 'outer/inner/a' }], problems: [], status: 'pass' })
  })

  test('a subtest that is skipped as a whole', () => {
    const text = '1..1\n# Subtest: zones\n    1..0 # SKIP no zones\nok 1 # skip no zones\n'
    expect(brief(read(text).result)).toEqual(['skip zones: no zones'])
  })

  test('a point that failed and nothing inside did is told itself', () => {
    const text = '1..1\n    ok 1 in\n    1..1\n# leaked\nnot ok 1 out\n'
    expect(brief(read(text).result)).toEqual(['pass out/in', 'fail out: leaked'])
  })

  test('what is ok with a failed one inside is not', () => {
    const { result, points } = read('1..1\n    1..2\n    ok 1 a\n    not ok 2 b\nok 1 out\n')
    expect(points).toEqual(['fail out (2)'])
    expect(result).toMatchObject({ problems: ['out: told as a pass, but b in it failed'], status: 'fail' })
  })

  test('in a todo nothing fails', () => {
    const { result, points } = read('1..1\n    1..1\n    not ok 1 a\nnot ok 1 out # TODO later\n')
    expect(brief(result)).toEqual(['todo out/a'])
    expect(points).toEqual(['todo out (1)'])
    expect(result.status).toBe('pass')
  })

  test('a plan inside that does not add up is told and no failure', () => {
    const { result } = read('1..1\n    1..3\n    ok 1 a\nok 1 out\n')
    expect(result).toMatchObject({ problems: ['out: planned 3, saw 1'], status: 'pass' })
  })

  test('all of it indented', () => {
    const { result } = read('  TAP version 13\n  1..2\n  ok 1 a\n  ok 2 b\n')
    expect(result).toMatchObject({ subtests: [{ name: 'a' }, { name: 'b' }], planned: 2, problems: [], status: 'pass' })
  })

  test('a comment that looks like TAP is one, unless it is of a selftest', () => {
    const comments = '# 1..5\n# ok 1 x\n# not ok 2 y\n'
    expect(brief(read(`1..1\n${comments}ok 1 a\n`).result)).toEqual(['pass a'])
    const { result } = read(`1..1\n# selftests: c: t\n# ok 1 x\nok 1 selftests: c: t\n# not ok 2 too late\n`)
    expect(brief(result)).toEqual(['pass selftests: c: t/x'])
  })

  test('a selftest that runs another one', () => {
    const text = `1..1
# selftests: mm: run_vmtests.sh
# TAP version 13
# # TAP version 13
# # 1..2
# # ok 1 map
# # not ok 2 unmap
# not ok 1 hugepage-mmap # exit=1
# 1..1
not ok 1 selftests: mm: run_vmtests.sh # exit=1
`
    const { result } = read(text)
    expect(brief(result)).toEqual([
      'pass selftests: mm: run_vmtests.sh/hugepage-mmap/map',
      'fail selftests: mm: run_vmtests.sh/hugepage-mmap/unmap',
    ])
    expect(result.problems).toEqual([])
  })

  test('a selftest that prints TAP twice', () => {
    const doc = '# TAP version 13\n# 1..1\n# ok 1 a\n'
    const { result } = read(`1..1\n# selftests: c: t\n${doc}${doc}ok 1 selftests: c: t\n`)
    expect(result).toMatchObject({ subtests: [{}, {}], problems: [], status: 'pass' })
  })
})

describe('a stream that ends in the middle', () => {
  test('in a selftest: it is the one without a result', () => {
    const { result } = read(
      '1..2\nok 1 selftests: a: x\n# selftests: a: y\n# TAP version 13\n# 1..9\n# ok 1 opens\n# ok 2 rea',
    )
    expect(brief(result)).toEqual([
      'pass selftests: a: x',
      'pass selftests: a: y/opens',
      'pass selftests: a: y/rea',
      'fail selftests: a: y: no result: the output ends in it',
    ])
    expect(result.problems).toEqual([
      'planned 2, saw 1',
      'selftests: a: y: planned 9, saw 2',
      'selftests: a: y: no result',
    ])
  })

  test('before the first line of a selftest', () => {
    expect(brief(read('# selftests: a: x\n').result)).toEqual([
      'fail selftests: a: x: no result: the output ends in it',
    ])
  })

  test('a selftest without a result before the next one', () => {
    const text = '1..2\n# selftests: a: x\n# ok 1 opens\n# selftests: a: y\nok 2 selftests: a: y\n'
    expect(brief(read(text).result)).toEqual([
      'pass selftests: a: x/opens',
      'fail selftests: a: x: no result: the output ends in it',
      'pass selftests: a: y',
    ])
  })

  test('after the last line but before its end', () => {
    expect(brief(read('1..1\nnot ok 1 a').result)).toEqual(['fail a'])
  })

  test('deep inside', () => {
    const { result } = read('KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: s\n  1..2\n    ok 1 p\n')
    expect(brief(result)).toEqual(['pass s/a subtest/p', 'fail s: no result: the output ends in it'])
    expect(result.status).toBe('fail')
  })
})

function read(...chunks: string[]): { result: TapResult; points: string[] } {
  const points: string[] = []
  const onPoint = ({ status, name }: Subtest, inside: Subtest[]) => points.push(`${status} ${name} (${inside.length})`)
  const reader = new TapReader({ onPoint })
  for (const chunk of chunks) reader.feed(chunk)
  return { result: reader.end(), points }
}

/** "fail NAME: first line of the reason …". */
function brief({ subtests }: TapResult): string[] {
  return subtests.map(({ status, name, reason }) => {
    const [first = '', ...more] = reason.split('\n')
    return `${status} ${name}${first === '' ? '' : `: ${first}`}${more.length === 0 ? '' : ' …'}`
  })
}

function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, `../../../fixtures/ktap/${name}.txt`), 'utf8')
}
