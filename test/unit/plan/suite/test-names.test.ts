import { expect, test } from 'vitest'
import { groupOf, names, readTestNames, selectByName } from '../../../../src/plan/suite/test-names.js'

const tests = [
  'net:tls',
  'net:ip_defrag.sh',
  'net/forwarding:bridge.sh',
  'seccomp:seccomp_bpf',
  'seccomp:seccomp_benchmark',
]

test.each([
  ['net:tls', 'net'],
  ['net/forwarding:bridge.sh', 'net/forwarding'],
  ['block/001', 'block'],
  ['alone', undefined],
])('the group of %s is %s', (name, group) => {
  expect(groupOf(name)).toBe(group)
})

test.each([
  [[], tests],
  [['seccomp'], ['seccomp:seccomp_bpf', 'seccomp:seccomp_benchmark']],
  [['net'], ['net:tls', 'net:ip_defrag.sh']], // and no collection below it
  [['net*'], ['net:tls', 'net:ip_defrag.sh', 'net/forwarding:bridge.sh']],
  [
    ['seccomp:seccomp_bpf', 'net:tls'],
    ['net:tls', 'seccomp:seccomp_bpf'],
  ], // in the order of the suite
  [
    ['*b*', 'net/forwarding'],
    ['net/forwarding:bridge.sh', 'seccomp:seccomp_bpf', 'seccomp:seccomp_benchmark'],
  ],
])('%j selects %j', (words, selected) => {
  expect(selectByName(tests, words)).toEqual(selected)
})

test.each([
  [['secomp'], 'no test "secomp"; did you mean "seccomp"?'],
  [['net:tsl'], 'no test "net:tsl"; did you mean "net:tls"?'],
  [['net:tls', 'x*'], 'no test matches "x*"'],
  [['net.tls'], 'no test "net.tls"; did you mean "net:tls"?'], // no regular expression
  [['a', 'quite-another'], 'no test "a"\nno test "quite-another"'],
])('%j is refused: %s', (words, message) => {
  expect(() => selectByName(tests, words)).toThrow(expect.objectContaining({ code: 'usage', message }))
})

test('a star stands for any text, also for none', () => {
  expect([names('a*', 'a'), names('*', 'net:tls'), names('a*c', 'abbc'), names('a*c', 'abcd')]).toEqual([
    true,
    true,
    true,
    false,
  ])
})

test('a list is a name a line, blanks around it and empty lines left out', () => {
  expect(readTestNames('net:tls\n\n  block/001 \r\nlast', 'a list')).toEqual(['net:tls', 'block/001', 'last'])
})

test.each([
  ['\n \n', 'a list names no test'],
  ['one\ntwo\none', 'a list names the test "one" twice'],
  ['a name', 'a list: "a name" cannot be the name of a test'],
  ['../../../etc/cron.d/x', 'a list: "../../../etc/cron.d/x" cannot be the name of a test'],
  ['/absolute', 'a list: "/absolute" cannot be the name of a test'],
  ['a/./b', 'a list: "a/./b" cannot be the name of a test'],
  ['folder/', 'a list: "folder/" cannot be the name of a test'],
  ['bell\x07', 'a list: "bell\\u0007" cannot be the name of a test'],
  ['x'.repeat(201), `a list: "${'x'.repeat(201)}" cannot be the name of a test`],
])('the list %j is refused: %s', (text, message) => {
  expect(() => readTestNames(text, 'a list')).toThrow(expect.objectContaining({ code: 'usage', message }))
})
