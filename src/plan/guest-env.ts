import { expandEnvironment } from '../config/expand.js'
import type { Profile } from '../config/profile.js'
import type { Settings } from '../config/schema.js'
import { arch } from './arch.js'
import type { DiskPlan } from './disks.js'
import type { ZramDisk } from './zram-disks.js'

/** Where the guest finds what the host sends; all of it is memory, so nothing outlives the guest. */
export const guestRun = {
  bootScript: '/run/rapido/boot.sh',
  helpers: '/run/rapido/helpers.sh',
  script: '/run/rapido/script', // of `-f FILE`
  bin: '/run/rapido/bin', // on the PATH: io-load
  secrets: '/run/rapido/secrets', // a file each, 0600
  cephConf: '/run/rapido/ceph.conf', // for programs of Ceph
  authorizedKeys: '/root/.ssh/authorized_keys', // of a profile with boot.ssh
} as const

/** The environment of boot.sh, of commands and of the shell on the console; guest.env wins over the profile's. */
export function guestEnv(options: {
  number: number
  profile: Profile
  settings: Settings
  term: string | undefined
  role?: string | undefined
  disks?: readonly DiskPlan[]
  zram?: readonly ZramDisk[]
}): Record<string, string> {
  const zram = (options.zram ?? []).map(({ serial, sizeMiB }) => `${serial}=${sizeMiB * 1024 * 1024}`)
  return {
    PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${guestRun.bin}`,
    HOME: '/root',
    USER: 'root',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TERM: options.term ?? 'linux',
    RAPIDO_VM: String(options.number),
    RAPIDO_PROFILE: options.profile.name,
    ...(options.role === undefined ? {} : { RAPIDO_ROLE: options.role }),
    RAPIDO_SECRETS: guestRun.secrets,
    RAPIDO_DISKS: (options.disks ?? []).map(({ id, paths }) => `${id}=${paths.length}`).join(' '),
    ...(zram.length === 0 ? {} : { RAPIDO_ZRAM: zram.join(' ') }),
    RAPIDO_O_DIRECT: String(arch.oDirect),
    ...expandEnvironment(options.profile.boot.env, options.settings),
    ...options.settings.guest.env,
  }
}

/** The guest's host name, for number n. */
export function hostName(number: number): string {
  return `rapido${number}`
}
