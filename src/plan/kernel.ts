import { RapidoError } from '../errors.js'
import { kernelHas, readModules } from './kernel-contents.js'
import type { InstalledKernel, KernelFacts, KernelSettings } from './kernel-facts.js'
import { newestFirst } from './kernel-release.js'
import { planTree } from './kernel-tree.js'

/** The kernel to boot. Paths are absolute. */
export interface KernelPlan {
  source: 'tree' | 'release' | 'running' | 'newest'
  release: string
  image: string
  modulesDir?: string | undefined // …/lib/modules/RELEASE; none: a kernel without loadable modules
  src?: string | undefined
  vmlinux?: string | undefined
  config?: string | undefined // its text; ask it with kernelHas()
  modules: ReadonlyMap<string, string> // name, with underscores: file below modulesDir
  builtin?: ReadonlySet<string> | undefined // names, with underscores; undefined: not known
}

/**
 * Chooses the kernel to boot: kernel.src, kernel.release, the running one, the newest one that can be booted.
 * Throws RapidoError('host') that says what is missing where and what to type.
 */
export function planKernel(settings: KernelSettings, facts: KernelFacts): KernelPlan {
  if (facts.tree !== undefined) return planTree(facts.tree, settings)
  if (settings.release !== undefined) {
    const wanted = facts.installed.find((kernel) => kernel.release === settings.release)
    const found = wanted === undefined ? notInstalled(settings.release, facts) : check(wanted, facts)
    if (found instanceof RapidoError) throw found
    return planInstalled('release', found)
  }
  const bootable = facts.installed
    .map((kernel) => check(kernel, facts))
    .filter((kernel): kernel is BootableKernel => !(kernel instanceof RapidoError))
  const running = bootable.find((kernel) => kernel.release === facts.running)
  if (running !== undefined) return planInstalled('running', running)
  const [newest] = newestFirst(bootable)
  if (newest !== undefined) return planInstalled('newest', newest)
  throw noneBootable(facts)
}

type BootableKernel = InstalledKernel & { image: { path: string } }

function planInstalled(source: KernelPlan['source'], kernel: BootableKernel): KernelPlan {
  return {
    source,
    release: kernel.release,
    image: kernel.image.path,
    modulesDir: kernel.modules?.folder,
    vmlinux: kernel.vmlinux,
    config: kernel.config,
    ...readModules(kernel.modules ?? {}),
  }
}

function check(kernel: InstalledKernel, facts: KernelFacts): BootableKernel | RapidoError {
  const { release, image, modules } = kernel
  const another = `choose another with kernel.release (installed are ${known(facts)}), or set kernel.src`
  if (image === undefined) {
    return new RapidoError('host', `kernel ${release} has modules but no image: there is no /boot/vmlinuz-${release}`, {
      hint: `install its package again, ${another}`,
    })
  }
  if (!image.readable) {
    const toStay = `\`sudo dpkg-statoverride --update --add root root 0644 ${image.path}\``
    return new RapidoError('host', `kernel ${release} cannot be booted: you may not read ${image.path}`, {
      hint: `run \`sudo chmod a+r ${image.path}\` (on Ubuntu and Debian ${toStay} makes it last), ${another}`,
    })
  }
  if (modules === undefined && kernelHas(kernel, 'MODULES') !== 'n') {
    return new RapidoError('host', `kernel ${release} has no modules: there is no ${facts.modulesRoot}/${release}`, {
      hint: `install its package again, ${another}`,
    })
  }
  if (modules !== undefined && modules.dep === undefined) {
    return new RapidoError(
      'host',
      `the modules of kernel ${release} have no index: no modules.dep in ${modules.folder}`,
      {
        hint: `run \`sudo depmod ${release}\``,
      },
    )
  }
  return { ...kernel, image }
}

function notInstalled(release: string, facts: KernelFacts): RapidoError {
  const where = `neither /boot/vmlinuz-${release} nor ${facts.modulesRoot}/${release} exists`
  return new RapidoError('host', `kernel.release "${release}" is not installed: ${where}`, {
    hint:
      facts.installed.length > 0 ? `installed are ${known(facts)}` : `install a kernel with \`${facts.installHint}\``,
  })
}

function noneBootable(facts: KernelFacts): RapidoError {
  // What stands in the way of one that has an image is worth telling, that of the running one most of all.
  const imaged = newestFirst(facts.installed).filter((kernel) => kernel.image !== undefined)
  const nearest = imaged.find((kernel) => kernel.release === facts.running) ?? imaged[0]
  const problem = nearest && check(nearest, facts)
  if (problem instanceof RapidoError) return problem
  return new RapidoError('host', `no kernel to boot: no /boot/vmlinuz-* with modules in ${facts.modulesRoot}`, {
    hint: `install one with \`${facts.installHint}\`, or set kernel.src to a built kernel tree`,
  })
}

function known(facts: KernelFacts): string {
  return newestFirst(facts.installed)
    .map((kernel) => kernel.release)
    .join(', ')
}
