/** What `settings.kernel` says about which kernel to take. */
export interface KernelSettings {
  src?: string | undefined
  release?: string | undefined
  modules?: string | undefined // INSTALL_MOD_PATH: the folder that holds lib/modules
}

/** What this host has to boot; src/host/kernels.ts gathers it. Texts are the files' own. */
export interface KernelFacts {
  running: string // release
  tree?: TreeFacts | undefined // where kernel.src is set
  installed: InstalledKernel[]
  modulesRoot: string // where the modules of installed kernels are: /lib/modules
  installHint: string // the command that installs a kernel on this distribution
}

export interface TreeFacts {
  path: string
  found: 'folder' | 'file' | 'something else' | undefined // undefined: nothing is there
  looksLikeKernel: boolean
  images: string[] // below path, of any architecture: arch/x86/boot/bzImage
  release?: string | undefined
  vmlinux?: string | undefined
  config?: string | undefined
  modulesRoot: string // <kernel.modules>/lib/modules
  modulesReleases: string[] // found there
  modules?: ModuleFacts | undefined // of this tree's release
  builtin?: string | undefined // modules.builtin of the tree itself
}

export interface InstalledKernel {
  release: string
  image?: { path: string; readable: boolean } | undefined
  vmlinux?: string | undefined
  config?: string | undefined
  modules?: ModuleFacts | undefined
}

export interface ModuleFacts {
  folder: string // …/lib/modules/RELEASE
  dep?: string | undefined // modules.dep
  builtin?: string | undefined // modules.builtin
}
