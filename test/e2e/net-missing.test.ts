import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { gatherKernelFacts } from '../../src/host/kernels.js'
import { planKernel } from '../../src/plan/kernel.js'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import type { Sandbox } from '../helpers/sandbox.js'

describe.concurrent('what stands in the way of a network is told before anything is made:', () => {
  test.for<[string, string[], number, RegExp]>([
    ['no /dev/net/tun', ['mount -t tmpfs none /dev/net'], 3, /there is no \/dev\/net\/tun[\s\S]*modprobe tun/],
    ['a name that is too long', ['network.bridge=a-very-long-bridge-name'], 2, /network\.bridge.*at most 15/],
    ['an address that is no network', ['network.address=192.168.155.1'], 2, /network\.address.*lacks the length/],
    ['an address of the network itself', ['network.address=10.0.0.0/8'], 2, /network\.address.*network itself/],
    ['a network that is too small', ['network.address=10.0.0.1/27'], 2, /has no address for vm1/],
  ])('%s', async ([, [what = ''], status, message], { box }) => {
    const argv = ['run', 'simple-net', ...(what.startsWith('mount') ? [] : ['--set', what])]
    const run = what.startsWith('mount') ? await withOwnMounts(box, what, argv) : await box.rapido(...argv).outcome()
    expect(run).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(message) })
    expect(run.stderr).not.toMatch(/booting …/)
    await expectNothingLeft(box)
  })

  test('a kernel of the guest that has no virtio_net', async ({ box }) => {
    const run = await box.rapido('run', 'simple-net', '--set', `kernel.src=${treeWithout(box, 'VIRTIO_NET')}`).outcome()
    expect(run).toMatchObject({ status: 3, stdout: '' })
    expect(run.stderr).toMatch(/needs what is not there:\n.*driver virtio_net: CONFIG_VIRTIO_NET is off/)
    await expectNothingLeft(box)
  })

  test('a kernel of the host that has no bridge', async ({ box }) => {
    const ip = (await box.command(['bash', '-c', 'PATH=$PATH:/usr/sbin:/sbin type -P ip']).outcome()).stdout.trim()
    const unknown = 'case "$*" in *-batch*) echo "Error: Unknown device type." >&2; exit 1 ;; esac'
    box.file('bin/ip', `#!/bin/sh\n${unknown}\nexec ${ip} "$@"\n`, 0o755)
    const path = `${join(box.work, 'bin')}:${process.env.PATH}`
    const run = await box.rapido('net', 'exec', '--', 'true').env({ PATH: path }).outcome()
    expect(run).toMatchObject({ status: 3, stdout: '' })
    expect(run.stderr).toMatch(/cannot make the private network: Error: Unknown device type.*\n.*modprobe bridge/)
    await expectNothingLeft(box)
  })

  test('no user namespaces', async ({ box }) => {
    const unshare = '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2; exit 1\n'
    box.file('bin/unshare', unshare, 0o755)
    const run = await box
      .rapido('run', 'simple-net')
      .env({ PATH: `${join(box.work, 'bin')}:${process.env.PATH}` })
      .outcome()
    expect(run).toMatchObject({ status: 3, stdout: '' })
    expect(run.stderr).toMatch(/cannot make the private network: unshare: .*not permitted\n.*namespaces/)
    await expectNothingLeft(box)
  })
})

/** A built tree around the installed kernel, whose configuration and modules lack something. */
function treeWithout(box: Sandbox, option: string): string {
  const { release, image, modulesDir = '' } = planKernel({}, gatherKernelFacts({}))
  const lacks = (text: string) =>
    text.replaceAll(new RegExp(`^CONFIG_${option}=.*$`, 'gm'), `# CONFIG_${option} is not set`)
  box.file('linux/.config', lacks(readFileSync(`/boot/config-${release}`, 'utf8')))
  box.file('linux/include/config/kernel.release', `${release}\n`)
  const modules = `linux/mods/lib/modules/${release}`
  const dep = readFileSync(join(modulesDir, 'modules.dep'), 'utf8').split('\n')
  const name = `/${option.toLowerCase()}.ko`
  box.file(`${modules}/modules.dep`, dep.filter((line) => !line.split(':')[0]?.includes(name)).join('\n'))
  box.file(`${modules}/modules.builtin`, readFileSync(join(modulesDir, 'modules.builtin')))
  symlinkSync(join(modulesDir, 'kernel'), join(box.work, modules, 'kernel'))
  mkdirSync(join(box.work, 'linux/arch/x86/boot'), { recursive: true })
  symlinkSync(image, join(box.work, 'linux/arch/x86/boot/bzImage'))
  return join(box.work, 'linux')
}

function withOwnMounts(box: Sandbox, mount: string, argv: string[]) {
  const unshare = ['unshare', process.geteuid?.() === 0 ? '-m' : '-rm']
  const rapido = box.rapido(...argv).argv
  return box.command([...unshare, 'bash', '-c', `${mount} && exec "$@"`, 'bash', ...rapido]).outcome()
}
