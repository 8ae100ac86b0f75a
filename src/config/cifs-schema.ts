import { z } from 'zod'
import { text } from './kinds.js'
import { setting } from './setting.js'

const smbName = (what: string) =>
  text({ pattern: /^[^\s/\\][^/\\\p{Cc}]*$/u, what, advice: 'use one without slashes and control characters' })

/** The SMB share of the profile `cifs`. */
export const cifs = z
  .strictObject({
    server: setting(smbName('the name of a server').prefault('host'), {
      meaning: 'The SMB server: a name or an address. `host` is this host, on the bridge of the VMs.',
      example: '192.168.155.1',
    }),
    share: setting(
      text({
        pattern: /^[^\s/\\][^\\\p{Cc}]*$/u,
        what: 'the name of a share',
        advice: 'use one such as "test"',
      }).optional(),
      {
        meaning: 'The share to mount, or a folder in it.',
        example: 'test',
        unset: 'a profile that mounts one refuses to boot',
      },
    ),
    user: setting(smbName('the name of a user').optional(), {
      meaning: 'The user of the server. The password is the secret `cifs_password`, in `[secrets]`.',
      example: 'tester',
      unset: 'a profile that mounts a share refuses to boot',
    }),
    domain: setting(smbName('the name of a domain').optional(), {
      meaning: 'The domain, or workgroup, of the user.',
      example: 'LAB',
      unset: "the server's",
    }),
    mount_opts: setting(
      text({
        pattern: /^[^\s,]+(,[^\s,]+)*$/,
        what: 'a list of mount options',
        advice: 'use options with commas and no blanks, such as "vers=3.0,seal"',
      }).optional(),
      { meaning: 'More options of mount.cifs.', example: 'vers=3.1.1,seal', unset: 'none' },
    ),
  })
  .prefault({})
  .meta({ id: 'cifs', description: 'The share that the profile `cifs` mounts.' })
