/** Reads modules.dep and modules.builtin into names with underscores, as the kernel has them. */
export function readModules(facts: { dep?: string | undefined; builtin?: string | undefined }): {
  modules: ReadonlyMap<string, string>
  builtin?: ReadonlySet<string>
} {
  const modules = new Map<string, string>()
  for (const line of (facts.dep ?? '').split('\n')) {
    const end = line.indexOf(':')
    if (end > 0) modules.set(moduleName(line.slice(0, end)), line.slice(0, end))
  }
  if (facts.builtin === undefined) return { modules }
  return { modules, builtin: new Set(facts.builtin.split('\n').filter(Boolean).map(moduleName)) }
}

/** `kernel/drivers/md/dm-multipath.ko.xz` and `dm-multipath` are both `dm_multipath`. */
export function moduleName(pathOrName: string): string {
  const file = pathOrName.slice(pathOrName.lastIndexOf('/') + 1)
  return file.replace(/\.ko(\.(gz|xz|zst))?$/, '').replaceAll('-', '_')
}

/** Whether a kernel's configuration has an option, with or without the CONFIG_ in front. Strings and numbers are 'y'. */
export function kernelHas(kernel: { config?: string }, option: string): 'y' | 'm' | 'n' | 'unknown' {
  if (kernel.config === undefined) return 'unknown'
  const value = valueIn(kernel.config, option.replace(/^CONFIG_/, ''))
  if (value === undefined) return 'n'
  return value.startsWith('m') ? 'm' : value.startsWith('n') ? 'n' : 'y'
}

/** The value of an option that is a number, such as HZ; undefined where it is none, or not known. */
export function kernelNumber(kernel: { config?: string }, option: string): number | undefined {
  const value = valueIn(kernel.config ?? '', option)
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined
}

function valueIn(config: string, option: string): string | undefined {
  const start = `CONFIG_${option}=`
  const at = config.startsWith(start) ? 0 : config.indexOf(`\n${start}`) + 1
  if (at === 0 && !config.startsWith(start)) return undefined
  const from = at + start.length
  const end = config.indexOf('\n', from)
  return config.slice(from, end < 0 ? undefined : end)
}
