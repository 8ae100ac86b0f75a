import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { planFstests } from '../../../../src/runs/suite/plan-fstests.js'

let root: string
let cleanup: () => Promise<void>

beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
  const profile = join(root, 'profiles/fstests-tiny')
  await mkdir(profile, { recursive: true })
  const tree = 'trees = [{ from = "{fstests.src}", to = "/opt/fstests" }]'
  await writeFile(join(profile, 'profile.toml'), `summary = "Tiny"\n[image]\n${tree}\n[boot.env]\nFSTYP = "ext4"\n`)
  await writeFile(join(profile, 'boot.sh'), '')
})
afterEach(() => cleanup())

test.each([
  ['one snapshot serves whatever tests are run: all are in it', [], undefined],
  ['a guest that boots has those alone that it runs', ['snapshot.use=never'], ['tests/generic/001']],
  ['one that is booted for the sake of its machine as well', ['qemu.extra_args=["-snapshot"]'], ['tests/generic/001']],
])('%s', async (_, sets, paths) => {
  const src = `fstests.src=${resolve('test/fixtures/fstests-tree')}`
  const from = { cwd: root, home: join(root, 'home'), env: {}, sets: [src, 'qemu.accel=tcg', ...sets] }
  const { run } = await planFstests('tiny', ['generic/001'], from, { seed: 1 })
  const [only] = run.image.trees.map((tree) => tree.only)
  expect(only && [...only.paths]).toEqual(paths)
})
