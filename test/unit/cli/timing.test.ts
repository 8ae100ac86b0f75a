import { expect, test } from 'vitest'
import { requireTimeable } from '../../../src/cli/timing.js'

test.each([undefined, '', 'boot.svg', '/tmp/a b.svg'])('--timing %s is fine for one VM', (timing) => {
  expect(() => requireTimeable(timing, { machines: 1 })).not.toThrow()
})

test.each([
  ['simple', 1, /--timing simple: .* ends in \.svg/],
  ['boot.png', 1, /ends in \.svg/],
  ['boot.svg', 2, /for one VM/],
])('--timing %s for %i VMs is wrong usage', (timing, machines, message) => {
  expect(() => requireTimeable(timing, { machines })).toThrow(expect.objectContaining({ code: 'usage' }))
  expect(() => requireTimeable(timing, { machines })).toThrow(message)
})
