import { RapidoError } from '../errors.js'
import type { Profile } from './profile.js'
import type { Settings } from './schema.js'

/** The settings that a text names in braces: "{kernel.src}/tools/x" gives ["kernel.src"]. */
export function namedSettings(text: string): string[] {
  return [...text.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? '')
}

/**
 * A text with the settings it names put in: a size is a number of MiB, a duration one of milliseconds, a list has blanks
 * between its words. Throws RapidoError('usage') that tells the first one which is not set.
 */
export function expandSettings(text: string, settings: Settings): string {
  return text.replace(/\{([^{}]*)\}/g, (_, key: string) => {
    const value = settingValue(settings, key)
    if (Array.isArray(value) && isSet(value)) return value.join(' ')
    if (value !== undefined && typeof value !== 'object') return String(value)
    const hint = `set it in rapido.toml, or with --set ${key}=VALUE`
    throw new RapidoError('usage', `${text} needs the setting ${key}, which is not set`, { hint })
  })
}

/** Whether every setting that a text names is set. */
export function isExpandable(text: string, settings: Settings): boolean {
  return namedSettings(text).every((key) => isSet(settingValue(settings, key)))
}

/** The variables of a profile's boot.env; one that names a setting which is not set is left out. */
export function expandEnvironment(env: Readonly<Record<string, string>>, settings: Settings): Record<string, string> {
  const entries = Object.entries(env).filter(([, text]) => isExpandable(text, settings))
  return Object.fromEntries(entries.map(([name, text]) => [name, expandSettings(text, settings)]))
}

/** The settings that a profile needs and that are not set: what it requires, and what its paths name. */
export function unsetSettings(profile: Profile, settings: Settings): string[] {
  const { install, include, trees } = profile.image
  const paths = [
    ...install,
    ...[...include, ...trees].map(({ from }) => from),
    ...profile.machine.disk.flatMap(({ file, rbd }) => [file ?? [], rbd ?? []].flat()),
  ]
  const needed = [...profile.requires.settings, ...paths.flatMap(namedSettings)]
  return [...new Set(needed)].filter((key) => !isSet(settingValue(settings, key)))
}

/** The value of a setting by its full key: "kernel.src", "guest.env.LANG"; undefined where it is not set. */
export function settingValue(settings: Settings, key: string): unknown {
  // Free keys come last and may hold dots themselves (secrets.a.b).
  const [group = '', name = '', ...rest] = key.split('.')
  const table = (settings as Record<string, Record<string, unknown>>)[group]
  if (group === 'secrets') return table?.[[name, ...rest].join('.')]
  const value = table?.[name]
  return rest.length === 0 ? value : (value as Record<string, unknown> | undefined)?.[rest.join('.')]
}

export function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined
}
