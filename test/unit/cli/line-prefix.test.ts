import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { LinePrefix } from '../../../src/cli/line-prefix.js'

test('every line has the prefix, however it was cut', () => {
  const out = new PassThrough()
  const lines = new LinePrefix('target: ', out)
  for (const chunk of ['on', 'e\ntwo\n\n', 'thr', 'ee']) lines.write(Buffer.from(chunk))
  lines.end()
  lines.end()
  expect(out.read().toString()).toBe('target: one\ntarget: two\ntarget: \ntarget: three\n')
})
