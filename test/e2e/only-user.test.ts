import { expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'

test('root of a user namespace with nobody else makes an image and runs it', async ({ boxWithOwnCache: box }) => {
  const { argv } = box.rapido('run', 'simple', '-x', 'stat -c %U:%G /usr/lib/modules/*/kernel /bin/bash | sort -u')
  const run = await box.command(['unshare', '--map-root-user', ...argv]).outcome()
  expect(run, run.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Hello .*\nroot:root\n$/) })
})
