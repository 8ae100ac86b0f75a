/** What `settings.kernel` says about which kernel to take. */
export interface KernelSettings {
  src?: string | undefined
  release?: string | undefined
  modules?: string | undefined // INSTALL_MOD_PATH: the folder that holds lib/modules
}

/** What this host has to boot; src/host/kernels.ts gathers it. Texts are the files' own. */
export interface KernelFacts {
  running: string // release
  tree?: TreeFacts // where kernel.src is set
  installed: InstalledKernel[]
  modulesRoot: string // where the modules of installed kernels are: /lib/modules
  installHint: string // the command that installs a kernel on this distribution
}

export interface TreeFacts {
  path: string
  found: 'folder' | 'nothing' | 'something else'
  looksLikeKernel: boolean
  image?: string
  otherImages: string[] // for other architectures
  release?: string
  vmlinux?: string
  config?: string
  modulesRoot: string // <kernel.modules>/lib/modules
  modulesReleases: string[] // found there
  modules?: ModuleFacts // of this tree's release
  builtin?: string // modules.builtin of the tree itself
}

export interface InstalledKernel {
  release: string
  image?: { path: string; readable: boolean }
  vmlinux?: string
  config?: string
  modules?: ModuleFacts
}

export interface ModuleFacts {
  folder: string // …/lib/modules/RELEASE
  dep?: string // modules.dep
  builtin?: string // modules.builtin
}
