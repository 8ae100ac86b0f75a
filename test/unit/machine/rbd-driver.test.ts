import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requireRbdDriver } from '../../../src/machine/rbd-driver.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-rbd-driver-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A program that says this on standard error, as QEMU 7.2 does, and fails. */
function qemuThatSays(text: string): string {
  const path = join(folder, 'qemu')
  writeFileSync(path, `#!/bin/sh\ncat >&2 <<'end'\n${text}\nend\nexit 1\n`, { mode: 0o755 })
  return path
}

test('a QEMU that misses the conf has looked for it: it has the driver', async () => {
  const says = 'error reading conf file /dev/null/none: Not a directory'
  await expect(requireRbdDriver(qemuThatSays(says))).resolves.toBeUndefined()
})

test.each([
  [
    "the driver's module is not there",
    "qemu: module block-block-rbd not found, do you want to install qemu-block-extra package?\n-blockdev driver=rbd: Unknown driver 'rbd'",
  ],
  ['it was built without', "-blockdev driver=rbd: Parameter 'driver' does not accept value 'rbd'"],
])('%s: told, with the package', async (_, says) => {
  await expect(requireRbdDriver(qemuThatSays(says))).rejects.toMatchObject({
    code: 'host',
    message: expect.stringMatching(/^QEMU \(\S+\/qemu\) has no driver for RBD images$/),
    hint: expect.stringMatching(/qemu-block-/),
  })
})
