import type { Settings } from '../config/schema.js'

/** Words for the kernel command line: a module's messages are on whenever it is loaded, or from the start if built in. */
export function dynamicDebugArgs(debug: Settings['debug']): string[] {
  return debug.dyndbg_modules.map((name) => `${name.replaceAll('-', '_')}.dyndbg=+p`)
}

export const dynamicDebugControl = '/sys/kernel/debug/dynamic_debug/control'

/** Lines for the kernel's dynamic_debug/control, which knows the files of what is loaded by then. */
export function dynamicDebugQueries(debug: Settings['debug']): string[] {
  return debug.dyndbg_files.map((file) => `file ${file} +p\n`)
}
