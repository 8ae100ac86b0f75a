/** A section of a local.config. */
export interface ConfigSection {
  name: string
  values: Record<string, string> // what it sets itself, quotes taken off
}

/** The sections of a local.config, as check reads it: "[name]" alone on a line, KEY=value below. None: it has none. */
export function sectionsOf(text: string): ConfigSection[] {
  const sections: ConfigSection[] = []
  for (const line of text.split(/\r?\n/)) {
    const name = /^\[([^\]]+)\]\s*$/.exec(line)?.[1]
    if (name !== undefined) sections.push({ name: name.trim(), values: {} })
    const [, key, value = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
    const section = sections.at(-1)
    if (key !== undefined && section)
      section.values[key] = value.replace(/\s+#.*$/, '').replace(/^(["'])(.*)\1\s*$/, '$2')
  }
  return sections
}
