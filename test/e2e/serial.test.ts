import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { boot } from '../../dist/index.js'
import { gatherKernelFacts } from '../../src/host/kernels.js'
import { planKernel } from '../../src/plan/kernel.js'
import { test } from '../helpers/e2e-test.js'
import type { Sandbox } from '../helpers/sandbox.js'

test('a kernel without a virtio console is talked to over a serial line, and every byte comes through', async ({
  box,
}) => {
  await using vm = await boot(
    'simple',
    box.options({ 'kernel.src': treeWithoutVirtioConsole(box), 'run.power_off': 'always' }),
  )
  expect(await vm.succeed('cat /proc/cmdline')).toContain('rapido.channel=ttyS1')
  expect(await vm.exec('echo out; echo err >&2; exit 3')).toEqual({ status: 3, stdout: 'out\n', stderr: 'err\n' })

  const size = 1024 * 1024
  await vm.succeed(`head -c ${size} /dev/urandom >/tmp/random`)
  const running = vm.start(['cat', '/tmp/random'])
  running.stdin.end()
  const { status, stdout } = await running.collect()
  expect([status, stdout.length]).toEqual([0, size])
  const expected = (await vm.succeed('sha256sum </tmp/random')).slice(0, 64)
  expect(sha256(stdout)).toBe(expected)

  const input = stdout.subarray(0, 100_000)
  expect((await vm.exec('sha256sum', { input })).stdout.slice(0, 64)).toBe(sha256(input))
  expect((await vm.stop()).kind).toBe('powered-off')
})

/** A built tree around the installed kernel, whose configuration says it lacks what the channel is made of. */
function treeWithoutVirtioConsole(box: Sandbox): string {
  const kernel = planKernel({}, gatherKernelFacts({}))
  const config = readFileSync(`/boot/config-${kernel.release}`, 'utf8')
  box.file('linux/.config', config.replace(/^CONFIG_VIRTIO_CONSOLE=.*$/m, '# CONFIG_VIRTIO_CONSOLE is not set'))
  box.file('linux/include/config/kernel.release', `${kernel.release}\n`)
  const link = (target: string, name: string) => {
    const path = join(box.work, 'linux', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path)
  }
  link(kernel.image, 'arch/x86/boot/bzImage')
  link(kernel.modulesDir ?? '', `mods/lib/modules/${kernel.release}`)
  return join(box.work, 'linux')
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
