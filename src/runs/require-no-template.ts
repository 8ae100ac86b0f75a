import type { Profile } from '../config/profile.js'
import { listProfiles, type ProfileEntry, type ProfileSearch } from '../config/profiles.js'
import { RapidoError } from '../errors.js'

/** Throws RapidoError('usage') where a profile is only there for others to extend, with their names. */
export async function requireNoTemplate(
  { name, template }: Pick<Profile, 'name' | 'template'>,
  search: ProfileSearch,
): Promise<void> {
  if (!template) return
  const names = namesOver(name, await listProfiles(search))
  throw new RapidoError('usage', `profile "${name}" is a template: others extend it`, {
    hint: names.length > 0 ? `these do: ${names.join(', ')}` : `a profile of yours can: extends = "${name}"`,
  })
}

/** Those that can run among the profiles over this one, some of which may be templates themselves. */
function namesOver(name: string, profiles: ProfileEntry[], seen: string[] = []): string[] {
  const over = profiles.filter((each) => !each.shadowed && each.extends === name && !seen.includes(each.name))
  const names = over.flatMap((each) => (each.template ? namesOver(each.name, profiles, [...seen, name]) : each.name))
  return [...new Set(names)].sort()
}
