import { isSet, settingValue } from './expand.js'
import type { Profile } from './profile.js'
import type { Settings } from './schema.js'

/** The profile as it is with these settings: what its `when` has is put in. */
export function profileWith(settings: Settings, profile: Profile): Profile {
  const more = profile.when.filter(({ setting, is }) => {
    const value = settingValue(settings, setting)
    return is === undefined ? isSet(value) : String(value) === is
  })
  const { image, requires } = profile
  return {
    ...profile,
    network: more.findLast(({ network }) => network)?.network ?? profile.network,
    ceph: more.findLast(({ ceph }) => ceph)?.ceph ?? profile.ceph,
    image: {
      ...image,
      install: [...image.install, ...more.flatMap(({ install }) => install)],
      drivers: [...image.drivers, ...more.flatMap(({ drivers }) => drivers)],
    },
    requires: {
      settings: [...requires.settings, ...more.flatMap(({ settings }) => settings)],
      kernel: [...requires.kernel, ...more.flatMap(({ kernel }) => kernel)],
    },
  }
}
