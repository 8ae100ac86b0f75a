import { join, relative } from 'node:path'
import { RapidoError } from '../errors.js'
import { arch } from './arch.js'
import type { KernelPlan } from './kernel.js'
import { kernelHas, readModules } from './kernel-contents.js'
import type { KernelSettings, TreeFacts } from './kernel-facts.js'

/** The kernel of a built tree (kernel.src). Throws RapidoError('host') that names what the tree lacks. */
export function planTree(tree: TreeFacts, settings: KernelSettings): KernelPlan {
  const { image, release } = requireBuilt(tree)
  const loadable = kernelHas(tree, 'MODULES') !== 'n'
  if (loadable) requireModules(tree, release, settings)
  return {
    source: 'tree',
    release,
    image,
    ...(loadable && tree.modules !== undefined ? { modulesDir: tree.modules.folder } : {}),
    src: tree.path,
    ...(tree.vmlinux === undefined ? {} : { vmlinux: tree.vmlinux }),
    ...(tree.config === undefined ? {} : { config: tree.config }),
    ...(loadable ? readModules(tree.modules ?? {}) : readModules({ builtin: tree.builtin })),
  }
}

function requireBuilt(tree: TreeFacts): { image: string; release: string } {
  const src = `kernel.src ${tree.path}`
  if (tree.found === undefined)
    throw new RapidoError('host', `${src} does not exist`, { hint: 'name a built kernel tree' })
  if (tree.found !== 'folder')
    throw new RapidoError('host', `${src} is not a folder`, { hint: 'name a built kernel tree' })
  if (!tree.looksLikeKernel) {
    throw new RapidoError('host', `${src} is not a kernel tree: it has neither Kconfig nor .config`, {
      hint: 'name the folder that `make` was run in (with O=, the build folder)',
    })
  }
  const image = arch.imageNames.find((name) => tree.images.includes(name))
  if (image === undefined) {
    const others = tree.images.length > 0 ? `; ${tree.images.join(', ')} is for another architecture` : ''
    throw new RapidoError('host', `${src} has no kernel image: no ${arch.imageNames[0]}${others}`, {
      hint: `run \`make\` in ${tree.path}`,
    })
  }
  if (tree.release === undefined) {
    throw new RapidoError('host', `${src} does not tell its release: no include/config/kernel.release`, {
      hint: `run \`make\` in ${tree.path}`,
    })
  }
  return { image: join(tree.path, image), release: tree.release }
}

function requireModules(tree: TreeFacts, release: string, settings: KernelSettings): void {
  const install = `run \`${installCommand(tree, settings)}\` in ${tree.path}`
  if (tree.modules === undefined && tree.modulesReleases.length > 0) {
    const others = tree.modulesReleases.join(', ')
    const message = `the modules in ${tree.modulesRoot} are of another release (${others}); kernel.src ${tree.path} built ${release}`
    throw new RapidoError('host', message, { hint: install })
  }
  if (tree.modules === undefined) {
    const message = `kernel.src ${tree.path} has no modules installed: no ${join(tree.modulesRoot, release)}`
    throw new RapidoError('host', message, { hint: `${install}, or set kernel.modules to where they are` })
  }
  if (tree.modules.dep === undefined) {
    throw new RapidoError('host', `the modules in ${tree.modules.folder} have no index: no modules.dep`, {
      hint: `run \`depmod -b ${join(tree.modulesRoot, '../..')} ${release}\` (package kmod)`,
    })
  }
}

function installCommand(tree: TreeFacts, settings: KernelSettings): string {
  const modPath = settings.modules ?? join(tree.path, 'mods')
  const below = relative(tree.path, modPath)
  return `make modules_install INSTALL_MOD_PATH=${below.startsWith('..') ? modPath : `./${below}`}`
}
