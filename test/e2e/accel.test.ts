import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'
import { packageFolder } from '../helpers/places.js'

// That /dev/kvm opens and a guest then hangs is seen on nested and paravirtual hosts, so it is played here.

const qemu = join(packageFolder, 'test/fixtures/bin/qemu-hangs-under-kvm')

test('a KVM that hangs its guests is found out within 5 s, told in one line, and known from then on', async ({
  box,
}) => {
  const start = () => box.rapido('run', 'simple', '--verbose', '--set', `qemu.binary=${qemu}`)
  const told = canOpenKvm()
    ? /^rapido: KVM runs no guest here \(the probe hung\): using TCG$/m
    : /no access to \/dev\/kvm/

  const first = start()
  const startedAt = performance.now()
  await first.saying(told)
  expect(performance.now() - startedAt).toBeLessThan(6000) // with rapido's own start
  const outcome = await first.outcome()
  expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('Hello') })
  expect(outcome.stderr.match(/KVM|kvm/g)).toHaveLength(1)

  const second = start()
  const startedAgainAt = performance.now()
  await second.saying(told)
  expect(performance.now() - startedAgainAt).toBeLessThan(2500)
  expect(await second.outcome()).toMatchObject({ status: 0 })
  if (canOpenKvm()) expect(readFileSync(join(box.work, 'hung'), 'utf8')).toBe('hung\n')
})

function canOpenKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
