import toml from 'toml'
import { describe, expect, test } from 'vitest'
import { locateKeys, type ValuePath } from '../../../src/config/locate.js'

function placeOf(source: string, ...path: ValuePath): string {
  const { line, column } = locateKeys(source)(path)
  return `${line}:${column}`
}

const cases: [string, string, ValuePath, string][] = [
  ['a plain key', 'a = 1\n  b = 2', ['b'], '2:3'],
  ['a key in a table', '[vm]\ncpus = 2', ['vm', 'cpus'], '2:1'],
  ['the header of a table', 'x = 1\n[ vm ]', ['vm'], '2:3'],
  ['a table below another', '[profile.simple.vm]\ncpus = 2', ['profile', 'simple', 'vm', 'cpus'], '2:1'],
  ['part of a header', '[profile.simple.vm]', ['profile', 'simple'], '1:10'],
  ['a dotted key', 'vm.cpus = 2', ['vm', 'cpus'], '1:4'],
  ['a dotted key with blanks', 'vm . cpus = 2', ['vm', 'cpus'], '1:6'],
  ['a quoted key', '"a b" = 1\n\'c.d\' = 2', ['c.d'], '2:1'],
  ['a quoted key with escapes', '"\\u0061\\"=[" = 1\nb = 2', ['a"=['], '1:1'],
  ['a quoted key in a header', '[guest."e.v"]\nx = 1', ['guest', 'e.v', 'x'], '2:1'],
  ['a key behind a comment', '# a = 1\na = 2 # a = 3\nb = 1', ['b'], '3:1'],
  ['a # in a string', 'a = "# no comment"\nb = 1', ['b'], '2:1'],
  ['what looks like a key in a string', 'a = """\nb = 1\n[b]\n"""\nb = 2', ['b'], '5:1'],
  ['a literal string of several lines', "a = '''\nb = \\\n'''\nb = 2", ['b'], '4:1'],
  ['quotes at the end of a string', 'a = """x"""""\nb = 2', ['b'], '2:1'],
  ['escaped quotes', 'a = "\\"" \nb = """\\""""\nc = 1', ['c'], '3:1'],
  ['an element of a list', 'a = ["x",\n  5]', ['a', 1], '2:3'],
  ['a list with comments and a last comma', 'a = [ # ]\n 1, # ,\n 2,\n]\nb = 1', ['b'], '5:1'],
  ['a list of lists', 'a = [[1, 2], [3]]', ['a', 1, 0], '1:15'],
  ['an inline table', 'a = { b = 1, c = { d = 2 } }', ['a', 'c', 'd'], '1:20'],
  ['an inline table in a list', 'a = [{ b = 1 },\n { b = 2 }]', ['a', 1, 'b'], '2:4'],
  ['an inline table of several lines', 'a = {\n  b = 1,\n  c = 2,\n}\nd = 1', ['a', 'c'], '3:3'],
  ['the second of a list of tables', '[[disk]]\nid = 1\n[[disk]]\nid = 2', ['disk', 1, 'id'], '4:1'],
  ['its header', '[[disk]]\n[[disk]]', ['disk', 1], '2:3'],
  ['a table in the last of a list', '[[d]]\n[[d]]\n[d.x]\ny = 1', ['d', 1, 'x', 'y'], '4:1'],
  ['a list of tables in another', '[[d]]\n[[d.e]]\n[[d.e]]\ny = 1', ['d', 0, 'e', 1, 'y'], '4:1'],
  ['dates, numbers and booleans', 'a = 1979-05-27 07:32:00\nb = -1.5e3\nc = true\nd = 1', ['d'], '4:1'],
  ['Windows line ends', 'a = 1\r\n[b]\r\nc = 2\r\n', ['b', 'c'], '3:1'],
  ['a byte order mark', '\uFEFFa = 1', ['a'], '1:1'],
  ['tabs', '\ta\t=\t1', ['a'], '1:2'],
]

describe('the place of', () => {
  test.each(cases)('%s', (_, source, path, place) => {
    toml.parse(source) // it is TOML
    expect(placeOf(source, ...path)).toBe(place)
  })
})

test("what is not there has its parent's place", () => {
  expect(placeOf('[[include]]\nto = "x"', 'include', 0, 'from')).toBe('1:3')
  expect(placeOf('a = 1', 'summary')).toBe('1:1')
})

test.each(cases)('every key is found where its name stands: %s', (_, source) => {
  const place = locateKeys(source)
  const lines = source.replace('\uFEFF', '').split('\n')
  for (const path of keyPaths(toml.parse(source))) {
    const key = path.at(-1)
    const { line, column } = place(path)
    const isPlain = typeof key === 'string' && /^\w+$/.test(key)
    if (isPlain) expect(lines[line - 1]?.slice(column - 1), path.join('.')).toMatch(new RegExp(`^${key}\\b`))
  }
})

function keyPaths(value: unknown, path: ValuePath = []): ValuePath[] {
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key]
    return [here, ...keyPaths(child, here)]
  })
}
