import { settingValue } from './expand.js'
import type { Profile } from './profile.js'
import type { Settings } from './schema.js'

/** The profile as it is with these settings: what its `when` has is put in. */
export function profileWith(settings: Settings, profile: Profile): Profile {
  const holds = ({ setting, is }: Profile['when'][number]) => {
    const value = settingValue(settings, setting)
    return is === undefined ? value !== undefined : String(value) === is
  }
  return profile.when.filter(holds).reduce<Profile>(
    (before, more) => ({
      ...before,
      network: more.network ?? before.network,
      ceph: more.ceph ?? before.ceph,
      image: {
        ...before.image,
        install: [...before.image.install, ...more.install],
        drivers: [...before.image.drivers, ...more.drivers],
      },
      requires: {
        settings: [...before.requires.settings, ...more.settings],
        kernel: [...before.requires.kernel, ...more.kernel],
      },
    }),
    profile,
  )
}
