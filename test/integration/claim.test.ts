import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimVm } from '../../src/runs/claim.js'

let state: string

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'rapido-claim-'))
})
afterEach(() => rmSync(state, { recursive: true }))

test('VMs that one process starts at once have the first free numbers, each its own', async () => {
  const claims = await Promise.all(Array.from({ length: 6 }, () => claimVm(state, {})))
  expect(claims.map(({ number }) => number).sort()).toEqual([1, 2, 3, 4, 5, 6])
  await claims.find(({ number }) => number === 3)?.folder.release()
  const again = await claimVm(state, {})
  expect(again.number).toBe(3)
  await expect(claimVm(state, { wanted: 5 })).rejects.toThrow('vm5 is running already')
  await Promise.all([again, ...claims.filter(({ number }) => number !== 3)].map(({ folder }) => folder.release()))
  const last = await claimVm(state, { wanted: 5 })
  expect(last.number).toBe(5)
  await last.folder.release()
})

test('a VM that boots anew has the number it had before, or where somebody took it the first that is free', async () => {
  const again = await claimVm(state, { before: 4 })
  expect(again.number).toBe(4)
  const other = await claimVm(state, { before: 4 })
  expect(other.number).toBe(1)
  await Promise.all([again, other].map(({ folder }) => folder.release()))
})
