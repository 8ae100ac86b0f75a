import { expect, test } from 'vitest'
import { parseToml } from '../../../src/config/toml.js'
import { RapidoError } from '../../../src/errors.js'

function errorOf(source: string): string {
  try {
    parseToml(source, 'rapido.toml')
  } catch (error) {
    expect(error).toBeInstanceOf(RapidoError)
    expect((error as RapidoError).code).toBe('usage')
    return (error as RapidoError).message
  }
  throw new Error('it was taken')
}

test('the place is told, and the line is shown with a caret', () => {
  expect(errorOf('[kernel]\nsrc = ~/linux\n')).toBe(
    [
      'rapido.toml:2:7: this is no value; text stands in quotes ("..."), the others are numbers, true, false, [lists] and { tables }',
      '  2 | src = ~/linux',
      '    |       ^',
    ].join('\n'),
  )
})

test('the caret stands right behind tabs, too', () => {
  expect(errorOf('\tsrc =\tx').split('\n').slice(1)).toEqual(['  1 | \tsrc =\tx', '    | \t     \t^'])
})

test.each([
  ['memory = 512M', '1:13: this is no value; text stands in quotes'],
  ['readonly = yes', '1:12: this is no value'],
  ['cpus =\n', '1:7: the value is missing; write key = value'],
  ['cpus = ', '1:8: the file ends before this is complete'],
  ['cpus\n', '1:5: not of the form key = value'],
  ['cpus: 4', '1:5: not of the form key = value'],
  ['src = "~/linux\nx = 1', '1:15: the string has no closing quote'],
  ["src = 'it's'", '1:11: more than one value on a line'],
  ['a = 1 b = 2', '1:7: more than one value on a line'],
  ['[kernel\nsrc = 1', '1:8: the ] is missing'],
  ['[[kernel]\n', '1:10: the ] is missing'],
  ['a = [1 2]', '1:8: a comma or ] is missing'],
  ['a = { b = 1 c = 2 }', '1:13: a comma or } is missing'],
  ['a = [1,\n2,\n', '3:1: the file ends before this is complete'],
  ['; a comment', '1:1: ";" cannot stand here'],
  ['a = 1\na = 2', '2:1: "a" is already set above'],
  ['[a]\nx = 1\n[a]', '3:1: "a" is already set above'],
  ['a = "\\q"', '1:6: invalid escape sequence'],
])('%j is answered with %j', (source, told) => {
  expect(errorOf(source)).toContain(`rapido.toml:${told}`)
})

test.each([
  '[secrets]\nceph = AQBsecretvalue==',
  'secrets.ceph = AQBsecretvalue==',
  '[profile.simple.secrets]\n\nceph = AQBsecretvalue== # x',
  '[secrets]\nceph = "AQBsecretvalue==',
])('a line that could hold a secret is not shown: %j', (source) => {
  expect(errorOf(source)).not.toContain('AQB')
  expect(errorOf(source)).toContain('rapido.toml:')
})

test('what the library knows besides strings arrives', () => {
  expect(parseToml('a = 0x10\nb = [true, 1.5]\nc = { d = """x""" }', 'x')).toEqual({
    a: 16,
    b: [true, 1.5],
    c: { d: 'x' },
  })
})
