import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tell } from './rows.mjs'
import { timeMs } from './time.mjs'

/**
 * What one types without rapido: dracut, then QEMU with its default devices on the bzImage. The guest's init does
 * nothing but power off. KVM where a guest gets through under it, else TCG. `contents` are the programs, drivers and
 * folders that the image is for.
 */
export function byHand({ folder, release, size }, { name, contents }) {
  const init = join(folder, 'init')
  const image = join(folder, `by-hand-${name}.img`)
  const buildImage = async () => timeMs('dracut', dracutArgs(release, { init, image, ...(await contents()) }))
  const boot = (accel, limits = {}) => {
    const machine = ['-accel', accel, '-smp', size.cpus, '-m', size.memory, '-nographic', '-no-reboot']
    const kernel = ['-kernel', kernelImage(release), '-initrd', image]
    const append = ['-append', 'console=ttyS0 rdinit=/by-hand-init panic=-1']
    return timeMs('qemu-system-x86_64', [...machine, ...kernel, ...append], { timeoutMs: 120_000, ...limits })
  }
  return {
    prepare: async () => {
      await writeFile(init, '#!/bin/bash\nmount -t proc proc /proc\necho o >/proc/sysrq-trigger\nsleep 60\n')
      await chmod(init, 0o755)
      await buildImage()
      accel ??= await workingAccel(boot)
    },
    buildImage,
    imageMiB: () => mebibytes(image),
    boot: () => boot(accel),
  }
}

/** Of a file. */
export function mebibytes(path) {
  return statSync(path).size / 1024 / 1024
}

/** The newest installed kernel that has its image and its modules. */
export function newestKernel() {
  const releases = readdirSync('/lib/modules').filter((release) => kernelImage(release) !== undefined)
  const newest = releases.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  if (newest === undefined) throw new Error('no kernel in /boot with modules in /lib/modules: run tools/setup.sh')
  return newest
}

let accel // of this host: found out once

function dracutArgs(release, { init, image, programs = [], drivers = [], folders = [] }) {
  const usual = ['--quiet', '--force', '--no-hostonly', '--no-compress', '--kver', release, '--modules', 'bash base']
  const install = programs.length > 0 ? ['--install', programs.join(' ')] : []
  const modules = drivers.length > 0 ? ['--add-drivers', drivers.join(' ')] : []
  const include = [{ from: init, to: '/by-hand-init' }, ...folders].flatMap(({ from, to }) => ['--include', from, to])
  return [...usual, ...install, ...modules, ...include, image]
}

function kernelImage(release) {
  return [`/boot/vmlinuz-${release}`, `/lib/modules/${release}/vmlinuz`].find((path) => existsSync(path))
}

async function workingAccel(boot) {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    await boot('kvm', { timeoutMs: 15_000 }) // it may open and then hang every guest
    return tellAccel('kvm')
  } catch {
    return tellAccel('tcg')
  }
}

function tellAccel(found) {
  tell(`by hand with ${found}`)
  return found
}
