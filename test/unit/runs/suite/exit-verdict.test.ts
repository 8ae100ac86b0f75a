import { expect, test } from 'vitest'
import { readExitVerdict } from '../../../../src/runs/suite/exit-verdict.js'

test.each([
  [0, 'all is well\n', 'pass', ''],
  [4, 'looking\nno such device here\n\n', 'notrun', 'no such device here'],
  [77, '', 'notrun', 'exit status 77'],
  [1, 'first\nopen: No such file\n', 'fail', 'exit status 1; open: No such file'],
  [139, '', 'fail', 'exit status 139'],
  [undefined, 'half\n', 'fail', 'it ended without a status; half'],
])('exit status %s after %j: %s %s', (exit, text, status, reason) => {
  expect(readExitVerdict({ text, exit })).toEqual({ status, reason, output: text.trimEnd() })
})

test('of a long last line the beginning is told, without colours', () => {
  const { reason, output } = readExitVerdict({ text: `\x1b[31m${'x'.repeat(300)}\x1b[0m`, exit: 2 })
  expect(reason).toBe(`exit status 2; ${'x'.repeat(200)}`)
  expect(output).toBe('x'.repeat(300))
})
