import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { timeMs } from './time.mjs'

/**
 * What one types without rapido: dracut, then QEMU with its default devices on the bzImage. The guest's init does
 * nothing but power off. KVM where a guest gets through under it, else TCG.
 */
export async function byHand(folder, release, { cpus, memory }) {
  const init = join(folder, 'init')
  await writeFile(init, '#!/bin/bash\nmount -t proc proc /proc\necho o >/proc/sysrq-trigger\nsleep 60\n')
  await chmod(init, 0o755)
  const image = join(folder, 'by-hand.img')
  const list = ['--modules', 'bash base', '--include', init, '/by-hand-init']
  const dracut = ['--quiet', '--force', '--no-hostonly', '--no-compress', '--kver', release, ...list, image]
  const buildImage = () => timeMs('dracut', dracut)

  const boot = (accel, limits = {}) => {
    const machine = ['-accel', accel, '-smp', cpus, '-m', memory, '-nographic', '-no-reboot']
    const kernel = ['-kernel', kernelImage(release), '-initrd', image]
    const append = ['-append', 'console=ttyS0 rdinit=/by-hand-init panic=-1']
    return timeMs('qemu-system-x86_64', [...machine, ...kernel, ...append], { timeoutMs: 120_000, ...limits })
  }
  await buildImage()
  const accel = await workingAccel(boot)
  return { accel, buildImage, boot: () => boot(accel) }
}

/** The newest installed kernel that has its image and its modules. */
export function newestKernel() {
  const releases = readdirSync('/lib/modules').filter((release) => kernelImage(release) !== undefined)
  const newest = releases.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  if (newest === undefined) throw new Error('no kernel in /boot with modules in /lib/modules: run tools/setup.sh')
  return newest
}

function kernelImage(release) {
  return [`/boot/vmlinuz-${release}`, `/lib/modules/${release}/vmlinuz`].find((path) => existsSync(path))
}

async function workingAccel(boot) {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    await boot('kvm', { timeoutMs: 15_000 }) // it may open and then hang every guest
    return 'kvm'
  } catch {
    return 'tcg'
  }
}
