import toml from 'toml'
import { expect, test } from 'vitest'
import { keyText, tomlValue } from '../../../src/config/toml-value.js'

test.each([
  ['a "quoted" \\ word\n', '"a \\"quoted\\" \\\\ word\\n"'],
  [5, '5'],
  [true, 'true'],
  [['a', 1], '["a", 1]'],
  [[], '[]'],
  [{}, '{}'],
  [{ a: 'x', 'b c': { d: [1] } }, '{ a = "x", "b c" = { d = [1] } }'],
])('%j is written %s', (value, written) => {
  expect(tomlValue(value)).toBe(written)
  expect(toml.parse(`value = ${written}`)).toEqual({ value })
})

test.each([
  [['vm', 'cpus'], 'vm.cpus'],
  [['kernel', 'params', 1], 'kernel.params[1]'],
  [['image', 'include', 0, 'from'], 'image.include[0].from'],
  [['guest', 'env', 'a b'], 'guest.env."a b"'],
])('the path %j is written %s', (path, written) => {
  expect(keyText(path)).toBe(written)
})
