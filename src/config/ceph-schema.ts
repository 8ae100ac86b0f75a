import { z } from 'zod'
import { choice, integer, path, size, text } from './kinds.js'
import { setting } from './setting.js'

const cephName = (what: string, such: string) =>
  text({
    pattern: /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/,
    what,
    advice: `use letters, digits, _ . and -, such as "${such}"`,
  })

const rbd = z
  .strictObject({
    create: setting(size({ fromMiB: 1 }).optional(), {
      meaning: 'Makes the image in this size where there is none. One that is there stays as it is.',
      example: '1G',
      unset: 'a profile that wants the image refuses to boot without one',
    }),
  })
  .prefault({})
  .meta({ id: 'ceph.rbd', description: 'The RBD image, `ceph.pool`/`ceph.image`.' })

/** The settings group `ceph`. */
export const ceph = z
  .strictObject({
    cluster: setting(choice(['auto', 'throwaway', 'existing']).prefault('auto'), {
      meaning:
        'Which cluster VMs use: the throwaway one, which the first of them starts and the last one ends unless ' +
        '`rapido ceph up` did; or the one of `ceph.conf`. "auto": a throwaway one that runs, else that of `ceph.conf` ' +
        'where it is set, else a throwaway one.',
      example: 'existing',
    }),
    conf: setting(path().optional(), {
      meaning: "An existing cluster's ceph.conf. Its monitors and its keyring are taken from it.",
      example: '~/ceph/build/ceph.conf',
      unset: 'there is only the throwaway cluster; with `ceph.cluster = "existing"` it is /etc/ceph/ceph.conf',
    }),
    keyring: setting(path().optional(), {
      meaning: 'The keyring that has the key of `ceph.user`, of an existing cluster.',
      example: '~/ceph/build/keyring',
      unset: 'what ceph.conf says, else ceph.client.USER.keyring, ceph.keyring or keyring beside it',
    }),
    user: setting(cephName('the name of a Ceph user', 'admin').prefault('admin'), {
      meaning: 'Who the guests are, without "client.".',
      example: 'tester',
    }),
    src: setting(path().optional(), {
      meaning: 'A built Ceph tree, whose programs and plug-ins the throwaway cluster is made of.',
      example: '~/ceph',
      unset: 'those of the distribution',
    }),
    osds: setting(integer({ from: 1, to: 16 }).prefault(3), {
      meaning: 'How many OSDs the throwaway cluster has; so many copies, up to three, are kept of everything.',
      example: 1,
    }),
    mds: setting(integer({ from: 0, to: 4 }).prefault(1), {
      meaning: 'How many MDS the throwaway cluster has: one is active, the others stand by. 0: no file system.',
      example: 2,
    }),
    osd_size: setting(size({ fromMiB: 1024 }).prefault('10G'), {
      meaning: 'The size of an OSD of the throwaway cluster: of a sparse file.',
      example: '50G',
    }),
    mon_port: setting(integer({ from: 1, to: 65535 }).prefault(3300), {
      meaning: 'The port of the throwaway monitor, messenger v2.',
      example: 3301,
    }),
    mon_port_v1: setting(integer({ from: 1, to: 65535 }).prefault(6789), {
      meaning: 'Its port for messenger v1.',
      example: 6790,
    }),
    fs: setting(cephName('the name of a file system', 'cephfs').optional(), {
      meaning: 'The file system to mount.',
      example: 'a',
      unset: 'the first one of the cluster',
    }),
    path: setting(
      text({ pattern: /^\/[^\s,:]*$/, what: 'a path', advice: 'use one from "/", without blanks and commas' }).prefault(
        '/',
      ),
      { meaning: 'The folder of the file system to mount.', example: '/volumes/test' },
    ),
    ms_mode: setting(choice(['legacy', 'crc', 'secure', 'prefer-crc', 'prefer-secure']).prefault('prefer-crc'), {
      meaning:
        'How clients talk to the cluster: messenger v1 ("legacy", which kernels before 5.11 know alone), or v2 with ' +
        'checksums or encrypted. Programs of Ceph take v2 for "legacy", too.',
      example: 'secure',
    }),
    mount_opts: setting(
      text({
        pattern: /^[^\s,]+(,[^\s,]+)*$/,
        what: 'a list of mount options',
        advice: 'use options with commas and no blanks, such as "noatime,rasize=1048576"',
      }).optional(),
      {
        meaning: 'More options of the mount: of the kernel, or those that ceph-fuse knows.',
        example: 'recover_session=clean,wsync',
        unset: 'none',
      },
    ),
    pool: setting(cephName('the name of a pool', 'rbd').prefault('rbd'), {
      meaning: 'The pool of the RBD image.',
      example: 'test',
    }),
    image: setting(cephName('the name of an image', 'disk1').prefault('rapido'), {
      meaning: 'The RBD image.',
      example: 'disk1',
    }),
    rbd,
  })
  .prefault({})
  .meta({ id: 'ceph', description: 'The Ceph cluster of the profiles that use one, and what they mount or map.' })
