import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { ensureBootedFiles, stillThere } from '../../src/runs/booted-files.js'
import { planRun } from '../../src/runs/plan-run.js'

test('the image of a VM that waited for its turn is made again where somebody cleared the cache', async () => {
  const { path: root, cleanup } = await dir({ unsafeCleanup: true })
  const options = { signal: new AbortController().signal, emit: () => {} }
  try {
    writeFileSync(join(root, 'rapido.toml'), `qemu.accel = "tcg"\npaths.cache = "${root}/cache/"\n`)
    const plan = await planRun('simple', { cwd: root, home: root, env: {} })
    const files = await ensureBootedFiles(plan, options)
    rmSync(join(root, 'cache'), { recursive: true })
    expect(await stillThere(files, plan, options)).toBe(files) // just looked at: nobody removes that
    expect(existsSync(files.initrd)).toBe(false)

    const again = await stillThere({ ...files, foundAt: performance.now() - 5000 }, plan, options)
    expect(again).toMatchObject({ initrd: files.initrd, kernel: files.kernel })
    expect([again.initrd, again.kernel].filter((path) => !existsSync(path))).toEqual([])
  } finally {
    await cleanup()
  }
})
