import { z } from 'zod'
import { choice, duration, integer, list, path, size, text } from './kinds.js'
import { setting } from './setting.js'

// The settings groups of SCSI targets and of their initiator: iscsi, lio, open_iscsi, tcmu_runner.

// The names of RFC 3720: iqn. with a date and a domain, eui. or naa. with hexadecimal digits.
const iscsiName = (what: string) =>
  text({
    pattern: /^(iqn\.\d{4}-\d{2}\.[a-z0-9][a-z0-9.-]*(:[a-z0-9.:-]+)?|(eui|naa)\.[0-9A-Fa-f]{16,32})$/,
    what,
    advice: 'use one such as "iqn.2003-01.org.linux-iscsi:rapido", in small letters',
  })

const seconds = (from: number) => integer({ from, to: 3600 })

/** Both sides of iSCSI. The names of the time-outs are those of iscsid.conf and multipath.conf. */
export const iscsi = z
  .strictObject({
    target_iqn: setting(iscsiName('the name of a target').prefault('iqn.2003-01.org.linux-iscsi:rapido'), {
      meaning: 'The name of the target.',
      example: 'iqn.2003-01.org.linux-iscsi:target1',
    }),
    initiators: setting(
      list(iscsiName('the name of an initiator'), {
        of: 'names of initiators',
        such: '["iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test"]',
        least: 1,
      }).prefault([
        'iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test',
        'iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test-2',
      ]),
      {
        meaning:
          'Who may log in to the target: an ACL each. The first one is what the profile `open-iscsi` is; the defaults are ' +
          "libiscsi's test suite.",
        example: ['iqn.1994-05.com.redhat:host1'],
      },
    ),
    portal: setting(
      text({
        pattern: /^(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?$/,
        what: 'a portal',
        advice: 'use a name or an address, such as "rapido1" or "192.168.155.101:3260"',
      }).optional(),
      {
        meaning: 'The portal that the initiator asks for targets.',
        example: '192.168.155.101',
        unset: '`target`, the machine of the same group, else `rapido1`',
      },
    ),
    chap_user: setting(
      text({ pattern: /^[^\s"]{1,255}$/, what: 'the name of a user', advice: 'use one without blanks' }).optional(),
      {
        meaning:
          'The user of CHAP, on both sides. The password is the secret `chap_password`, in `[secrets]`: 12 to 255 characters.',
        example: 'rapido',
        unset: 'no CHAP',
      },
    ),
    noop_out_interval: setting(seconds(1).prefault(1), {
      meaning: 'Seconds between two pings of the initiator to each portal.',
      example: 5,
    }),
    noop_out_timeout: setting(seconds(1).prefault(1), {
      meaning: 'Seconds that a ping may take before the connection is given up.',
      example: 5,
    }),
    replacement_timeout: setting(seconds(1).prefault(5), {
      meaning: 'Seconds without a connection after which I/O on that path fails.',
      example: 120,
    }),
    fast_io_fail_tmo: setting(seconds(1).prefault(1), {
      meaning: 'The same with multipath, which has another path to go on with.',
      example: 5,
    }),
  })
  .prefault({})
  .meta({ id: 'iscsi', description: 'iSCSI: the target of `lio` and `lio-rbd`, and the initiator of `open-iscsi`.' })

/** The kernel's target. */
export const lio = z
  .strictObject({
    size: setting(size({ fromMiB: 16 }).prefault('512M'), {
      meaning: 'The size of each LUN that is in memory. It takes as much memory as is written to it.',
      example: '1G',
    }),
    delay: setting(duration().prefault('100ms'), {
      meaning: 'How long each operation on the slow LUN is delayed, by dm-delay.',
      example: '2s',
    }),
    rbd_backstore: setting(choice(['iblock', 'rbd']).prefault('iblock'), {
      meaning:
        'How `lio-rbd` and `lio-rbd-loop` have the image: the mapped block device, or target_core_rbd, which only SUSE kernels have.',
      example: 'rbd',
    }),
  })
  .prefault({})
  .meta({
    id: 'lio',
    description: "The kernel's SCSI target, of the profiles `lio`, `lio-loop`, `lio-rbd` and `lio-rbd-loop`.",
  })

/** A source tree of open-iscsi. */
export const openIscsi = z
  .strictObject({
    src: setting(path().optional(), {
      meaning: 'A built open-iscsi tree, whose iscsid and iscsiadm are used.',
      example: '~/open-iscsi',
      unset: 'those of the distribution',
    }),
  })
  .prefault({})
  .meta({ id: 'open_iscsi', description: 'The iSCSI initiator of the profile `open-iscsi`.' })

/** A source tree of tcmu-runner. */
export const tcmuRunner = z
  .strictObject({
    src: setting(path().optional(), {
      meaning: 'A built tcmu-runner tree, whose daemon and rbd handler are used.',
      example: '~/tcmu-runner',
      unset: 'those of the distribution',
    }),
  })
  .prefault({})
  .meta({ id: 'tcmu_runner', description: 'The target in user space of the profile `tcmu-rbd-loop`.' })
