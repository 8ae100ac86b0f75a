import { expect, test } from 'vitest'
import { hasOneUser } from '../../../src/image/build-run.js'

test.each<[string, string, boolean]>([
  ['a host', '         0          0 4294967295\n', false],
  ['`unshare -r`', '         0       1000          1\n', true],
  ['a container of two users', '0 1000 1\n1 1001 1\n', false],
  ['a container with subordinate ids', '         0       1000          1\n         1     100000      65536\n', false],
])('%s has %j for its users', (_, uidMap, one) => {
  expect(hasOneUser(uidMap)).toBe(one)
})
