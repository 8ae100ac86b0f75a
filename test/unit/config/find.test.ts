import { expect, test } from 'vitest'
import { isTrusted } from '../../../src/config/find.js'

test.each([
  ['our own', { owner: 1000, self: 1000, cwdOwner: 1000 }, true],
  ["root's", { owner: 0, self: 1000, cwdOwner: 1000 }, true],
  ['that of whose tree we stand in', { owner: 1001, self: 0, cwdOwner: 1001 }, true],
  ["a stranger's above our folder, as in /tmp", { owner: 1001, self: 1000, cwdOwner: 1000 }, false],
  ["a stranger's above root's folder", { owner: 1001, self: 0, cwdOwner: 0 }, false],
])('a rapido.toml above: %s', (_, { owner, ...who }, trusted) => {
  expect(isTrusted(owner, who)).toBe(trusted)
})
