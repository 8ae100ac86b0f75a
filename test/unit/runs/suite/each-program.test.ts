import { expect, test } from 'vitest'
import { eachProgram } from '../../../../src/runs/suite/each-program.js'

test('suite-run gets the shell line as one word, and the names in a file', () => {
  const program = eachProgram({ format: 'exit', run: './run "$TEST" | tee log' })
  const argv = program.argv(['a', 'b/c'], undefined)
  expect(argv).toEqual(['each', expect.stringMatching(/^\/run\/rapido\/suite\//), './run "$TEST" | tee log'])
  expect(program.files?.(['a', 'b/c'])).toEqual({ [argv[1] as string]: 'a\nb/c\n' })
})

test.each([
  ['exit', { text: 'not ok 1 x\n', exit: 0 }, { status: 'pass' }],
  ['tap', { text: '1..1\nnot ok 1 x\n', exit: 0 }, { status: 'fail', reason: 'x' }],
  ['blktests', { text: 'block/001 (stress)   [passed]\n', exit: 0 }, { status: 'pass' }],
  ['blktests', { text: 'block/001 (stress)   [passed]\n', exit: 1 }, { status: 'fail' }], // check says otherwise
  [
    'blktests',
    { text: 'block/001 (stress)   [not run]\n    no fio\n', exit: 1 },
    { status: 'notrun', reason: 'no fio' },
  ],
] as const)('the format %s reads %j as %j', (format, said, verdict) => {
  expect(eachProgram({ format, run: 'x' }).verdict(said)).toMatchObject(verdict)
})
