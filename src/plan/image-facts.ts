/** What an image plan has to know of this host; src/image/facts.ts gathers it. Paths are absolute. */
export interface ImageFacts {
  /** Of every wished program, library or path: where it is; undefined: nowhere. */
  programs: Record<string, FoundPath | undefined>
  /** Of every include's `from`: what is there. */
  includes: Record<string, FoundInclude>
  /** How to get what is missing, by the program's name. */
  providers: Record<string, Provision>
  packageCommand: string // 'apt install'
  dracut: DracutFacts | { problem: string; remedy?: Provision }
}

export interface FoundPath {
  path: string
  kind: 'file' | 'folder'
}

export type FoundInclude = 'file' | 'executable' | 'folder' | 'nothing' | 'unreadable' | 'something else'

/** How to get a program here: its package where that is known, otherwise a command that finds it. */
export type Provision = { package: string } | { find: string }

export interface DracutFacts {
  program: string
  base: string // the folder of its scripts and modules
  installer: string | undefined // its helper dracut-install
  local: boolean // runs from a source tree
  version: string
  modules: string[] // names, without their number
  distributionConf: string[] // names of the files in <base>/dracut.conf.d, which no option switches off
}
