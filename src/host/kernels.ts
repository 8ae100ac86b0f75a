import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { release as runningRelease } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { kernelInstallCommand } from './packages.js'
import { isReadable, kindOf } from './programs.js'

/**
 * Looks at the tree in kernel.src, or at the installed kernels; decides nothing. What it returns is described in
 * src/plan/kernel-facts.ts. Where the kernel asked for, or the running one, can be booted the others are not read: a
 * developer has dozens. `root` and `running` are for tests.
 */
export function gatherKernelFacts(
  settings: { src?: string | undefined; release?: string | undefined; modules?: string | undefined },
  { root = '/', running = runningRelease() }: { root?: string; running?: string } = {},
) {
  const modulesRoot = join(settings.modules ?? root, 'lib/modules')
  const facts = { running, modulesRoot, installHint: kernelInstallCommand(root) }
  if (settings.src !== undefined) return { ...facts, tree: lookAtTree(settings.src, settings.modules), installed: [] }

  const read = (release: string) => lookAtInstalled(release, { root, modulesRoot, running })
  const likely = read(settings.release ?? running)
  if (likely.image?.readable && likely.modules?.dep !== undefined)
    return { ...facts, tree: undefined, installed: [likely] }
  const releases = new Set([...imageReleases(root), ...folderNames(modulesRoot)])
  return { ...facts, tree: undefined, installed: [...releases].map(read) }
}

function lookAtTree(path: string, installedTo: string | undefined) {
  const modulesRoot = join(installedTo ?? join(path, 'mods'), 'lib/modules')
  const at = (name: string) => join(path, name)
  const release = textOf(at('include/config/kernel.release'))?.trim() || undefined
  return {
    path,
    found: kindOf(path),
    looksLikeKernel: ['Kconfig', '.config', 'include/config'].some((name) => existsSync(at(name))),
    images: bootImages(path),
    release,
    vmlinux: isFile(at('vmlinux')) ? at('vmlinux') : undefined,
    config: textOf(at('.config')),
    modulesRoot,
    modulesReleases: folderNames(modulesRoot),
    modules: release === undefined ? undefined : lookAtModules(join(modulesRoot, release)),
    builtin: textOf(at('modules.builtin')),
  }
}

function lookAtInstalled(
  release: string,
  { root, modulesRoot, running }: { root: string; modulesRoot: string; running: string },
) {
  const boot = join(root, 'boot')
  const modulesDir = join(modulesRoot, release)
  const image = [join(boot, `vmlinuz-${release}`), join(modulesDir, 'vmlinuz')].find(isFile)
  const debug = join(root, 'usr/lib/debug')
  return {
    release,
    image: image === undefined ? undefined : { path: image, readable: isReadable(image) },
    vmlinux: [join(debug, `boot/vmlinux-${release}`), join(debug, `lib/modules/${release}/vmlinux`)].find(isFile),
    config:
      textOf(join(boot, `config-${release}`)) ??
      textOf(join(modulesDir, 'config')) ??
      (release === running ? configOfRunning(root) : undefined),
    modules: lookAtModules(modulesDir),
  }
}

function lookAtModules(folder: string) {
  if (!isFolder(folder)) return undefined
  return { folder, dep: textOf(join(folder, 'modules.dep')), builtin: textOf(join(folder, 'modules.builtin')) }
}

function configOfRunning(root: string): string | undefined {
  try {
    return gunzipSync(readFileSync(join(root, 'proc/config.gz'))).toString()
  } catch {
    return undefined // without CONFIG_IKCONFIG_PROC, as on Debian, there is none
  }
}

function imageReleases(root: string): string[] {
  return names(join(root, 'boot'))
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => name.slice('vmlinuz-'.length))
    .filter((release) => /^\d+\.\d/.test(release)) // neither vmlinuz-0-rescue-… nor vmlinuz-linux
}

/** `arch/x86/boot/bzImage` and the like, of any architecture. */
function bootImages(tree: string): string[] {
  return folderNames(join(tree, 'arch')).flatMap((name) =>
    names(join(tree, 'arch', name, 'boot'))
      .filter((file) => file.endsWith('Image'))
      .map((file) => `arch/${name}/boot/${file}`),
  )
}

function folderNames(folder: string): string[] {
  return names(folder).filter((name) => isFolder(join(folder, name)))
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // absent, or not ours to read: nothing to find there
  }
}

function isFile(path: string): boolean {
  return kindOf(path) === 'file'
}

function isFolder(path: string): boolean {
  return kindOf(path) === 'folder'
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
