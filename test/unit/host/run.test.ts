import { expect, test } from 'vitest'
import { type RunOptions, type RunOutcome, run } from '../../../src/host/run.js'

test.each<[string, RunOptions, RunOutcome]>([
  ['echo out; echo err >&2', {}, { status: 0, stdout: 'out\n', stderr: 'err\n' }],
  ['exit 3', {}, { status: 3, stdout: '', stderr: '' }],
  ['kill -TERM $$', {}, { status: 143, stdout: '', stderr: '' }],
  ['cat; echo end', {}, { status: 0, stdout: 'end\n', stderr: '' }], // without input, there is none to wait for
  ['cat', { input: 'a\n\nb\n' }, { status: 0, stdout: 'a\n\nb\n', stderr: '' }],
  ['pwd', { cwd: '/usr' }, { status: 0, stdout: '/usr\n', stderr: '' }],
  ['echo "$X"', { env: { X: "it's" } }, { status: 0, stdout: "it's\n", stderr: '' }],
])('%s, with %j', async (script, options, outcome) => {
  expect(await run('sh', ['-c', script], options)).toEqual(outcome)
})

test('no shell reads the arguments', async () => {
  expect((await run('printf', ['%s|', '$HOME', '*', '', 'a b'])).stdout).toBe('$HOME|*||a b|')
})

test('a program that is not there is no status, but an error', async () => {
  await expect(run('no-such-program', [])).rejects.toMatchObject({
    code: 'host',
    message: expect.stringMatching(/^cannot run no-such-program: .*ENOENT/),
  })
})

test('a time limit ends the program', async () => {
  const running = run('sleep', ['10'], { timeoutMs: 50 })
  await expect(running).rejects.toMatchObject({ code: 'timeout', message: 'sleep did not end within 50 ms' })
})

test('an abort ends the program', async () => {
  const running = run('sleep', ['10'], { signal: AbortSignal.timeout(50) })
  await expect(running).rejects.toMatchObject({ code: 'interrupted', message: 'sleep was interrupted' })
})
